#!/usr/bin/env python3
"""A run killed at any moment and started again ends with the bits of a run that was never killed.

usage: resume_test.py [--kills N] [--seed S]

Every trial makes a fresh run, kills it at a moment drawn from the seed (a random one, a step boundary, a stage boundary
in turn), resumes it with the same command, and compares hash, metrics and rollouts with the undisturbed run.
"""
import argparse
import random
import sys
import time

from harness import Run, Scratch, differences


def kill_at_random(run, reference_seconds, rng):
    delay = rng.uniform(0, reference_seconds)
    time.sleep(delay)
    return f"after {delay:.3f} s"


def kill_at_step(run, reference_rows, rng):
    rows = rng.randrange(1, len(reference_rows) + 1)
    run.wait_until(lambda: run.row_count() >= rows)
    delay = rng.choice((0, rng.uniform(0, 0.005)))
    time.sleep(delay)
    return f"{1e3 * delay:.1f} ms after row {rows} of metrics"


def kill_at_stage(run, reference_rows, rng):
    stages = [row["stage"] for row in reference_rows]
    ends = [i + 1 for i, stage in enumerate(stages) if stages[i + 1:i + 2] != [stage]]
    rows = rng.choice(ends)
    run.wait_until(lambda: run.row_count() >= rows)
    delay = rng.uniform(0, 0.3)
    time.sleep(delay)
    return f"{1e3 * delay:.0f} ms after the last row of {stages[rows - 1]}"


def check_resume_event(run, last, checkpoint_every):
    """The first event after a resume says where it goes on, and that is not further back than is promised."""
    resumes = [event for event in run.rows("events.jsonl") if event["event"] == "resume"]
    if last is None:
        return []
    if len(resumes) != 1:
        return [f"{len(resumes)} resume events instead of 1"]
    stage, step = resumes[0]["stage"], resumes[0]["step"]
    if stage != last["stage"]:
        return [f"resumed in {stage}, although {last['stage']} had begun"] if last["stage"] == "zero" else []
    repeated = last["step"] - step + 1
    allowed = 1 if last["kind"] == "grpo" else checkpoint_every + 1
    return [f"repeats {repeated} steps of {stage}; allowed are {allowed}"] if repeated > allowed else []


def trial(directory, moment, reference, rng):
    """Kills and resumes one run; the moment in words and what is wrong."""
    run = Run(directory).start()
    words = moment(run, rng)
    ended = run.process.poll() is not None
    run.kill()
    rows = run.rows()
    run.finish()
    problems = differences(run.results(), reference)
    if not ended:
        problems += check_resume_event(run, rows[-1] if rows else None, checkpoint_every=5)
    return words, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    failed = 0
    with Scratch() as scratch:
        began = time.monotonic()
        undisturbed = Run(scratch / "undisturbed").finish()
        seconds, reference = time.monotonic() - began, undisturbed.results()
        rows = undisturbed.rows()
        moments = (lambda run, rng: kill_at_random(run, seconds, rng),
                   lambda run, rng: kill_at_step(run, rows, rng),
                   lambda run, rng: kill_at_stage(run, rows, rng))
        for i in range(options.kills):
            words, problems = trial(scratch / f"killed-{i}", moments[i % 3], reference, rng)
            failed += bool(problems)
            print(f"killed {words}: {'; '.join(problems) or 'ok'}", flush=True)
        print(f"{options.kills - failed} of {options.kills} kills ended in {reference['hash'][:16]}")
        assert not failed
    return 0


if __name__ == "__main__":
    sys.exit(main())
