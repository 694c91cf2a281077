#!/usr/bin/env python3
"""No verdict changes when the machine is busy: the same programs at 1 and at 8 busy processes a core.

Half of the programs are quick; the others use 80 % of their CPU limit, or 80 % of their wall limit asleep, or more than
either, or are wrong.
"""
import argparse
import collections
import os
import subprocess
import sys
import time

from judge_process import Judge, request

LIMITS = {"cpu_seconds": 0.5, "wall_seconds": 1.5, "memory_mib": 128}
SPIN = "import time\nwhile time.process_time() < {}: pass\nprint(42)"
# (verdict, source) in the proportions of the mix.
KINDS = [("accepted", "print(42)")] * 5 + [
    ("accepted", SPIN.format(0.8 * LIMITS["cpu_seconds"])),
    ("accepted", f"import time\ntime.sleep({0.8 * LIMITS['wall_seconds']})\nprint(42)"),
    ("cpu_limit", SPIN.format(1.6 * LIMITS["cpu_seconds"])),
    ("wall_limit", f"import time\ntime.sleep({1.6 * LIMITS['wall_seconds']})\nprint(42)"),
    ("wrong_answer", "print(43)"),
]


class Busy:
    """Processes that compute without end."""

    def __init__(self, count):
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def verdicts(count, busy_per_core):
    requests = [request(i, f"# {i}\n{KINDS[i % len(KINDS)][1]}", limits=LIMITS) for i in range(count)]
    start = time.monotonic()
    with Busy(busy_per_core * os.cpu_count()), Judge() as judge:
        answers = judge.judge(requests)
    print(f"{busy_per_core} busy processes a core: {time.monotonic() - start:.0f} s,",
          dict(collections.Counter(answer["verdict"] for answer in answers)), flush=True)
    return [answer["verdict"] for answer in answers]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000)
    options = parser.parse_args()
    changed = 0
    for busy in (1, 8):
        found = verdicts(options.programs, busy)
        for i, verdict in enumerate(found):
            if verdict != KINDS[i % len(KINDS)][0]:
                changed += 1
                print(f"  program {i}: {verdict}, not {KINDS[i % len(KINDS)][0]}: {KINDS[i % len(KINDS)][1]!r}")
    print(f"{changed} verdicts of {2 * options.programs} are not those of an idle machine")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
