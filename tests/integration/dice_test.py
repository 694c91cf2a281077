#!/usr/bin/env python3
"""A run graded by dice, killed again and again: what the journal holds decides the weights, and nothing is asked twice.

usage: dice_test.py [--kills N] [--seed S]

One reward of the run is a command that answers at random. The run is killed N times and finished. Then its checkpoints
of the grpo stage are deleted and the dice are replaced by some that always fall alike: the run must end again with the
same hash, from the journal alone.
"""
import argparse
import random
import shutil
import sys
import time

from harness import ROOT, Run, SHORT, Scratch, differences

WORKER = '''import json, random, sys
for line in sys.stdin:
    request = json.loads(line)
    answer = {"hello": 1, "name": "dice"} if "hello" in request else {"id": request["id"], %s}
    print(json.dumps(answer), flush=True)
'''
DICE, LOADED_DICE = '"score": random.random()', '"score": 0.5'


def configuration(scratch):
    """configs/running_sum.yaml with a last reward that is a roll of the dice."""
    recipe = (ROOT / "configs/running_sum.yaml").read_text().rstrip()
    assert recipe.endswith("weight: 0.1"), "the recipe no longer ends with its rewards"
    path = scratch / "dice.yaml"
    path.write_text(f"""{recipe}
      - checker: command
        name: dice
        weight: 0.5
        command: [{sys.executable}, {scratch / 'dice.py'}]
""")
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with Scratch() as scratch:
        config, worker = configuration(scratch), scratch / "dice.py"
        worker.write_text(WORKER % DICE)
        run = Run(scratch / "run", overrides=SHORT, config=config)
        kills = 0
        while kills < options.kills:
            run.start()
            reached = run.row_count() + rng.randrange(1, 4)
            if not run.wait_until(lambda: run.row_count() >= reached):
                run.kill()
                shutil.rmtree(run.directory)  # it came to its end: the next one
                continue
            time.sleep(rng.choice((0, rng.uniform(0, 0.1))))
            run.kill()
            kills += 1
        first = run.finish().results()
        dice = [row["rewards"]["dice"]["score"] for row in run.rows("rollouts/zero/step-1.jsonl")]
        assert len(set(dice)) > len(dice) / 2, "the dice always fall alike"
        for checkpoint in (run.directory / "checkpoints").glob("zero-*"):
            shutil.rmtree(checkpoint)
        worker.write_text(WORKER % LOADED_DICE)
        again = run.finish().results()
        problems = differences(again, first)
        print(f"{kills} kills, then from the journal alone: {'; '.join(problems) or first['hash'][:16]}")
        assert not problems
    return 0


if __name__ == "__main__":
    sys.exit(main())
