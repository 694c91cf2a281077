#!/usr/bin/env python3
"""Honest and hostile programs through hone judge while hone-sandboxd is killed again and again: every verdict is right,
and nothing is left behind.

usage: judge_soak_test.py [--programs N] [--kills K] [--seed S]
"""
import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

from harness import program

# What is run, and the verdicts it may get.
KINDS = (
    ("python", "print(int(input()) + {n})", {"accepted"}, 12),
    ("python", "import sys\nprint(sum(map(int, sys.stdin)) + {n})", {"accepted"}, 4),
    ("bash", "read x; echo $((x + {n}))", {"accepted"}, 2),
    ("python", "print(int(input()) - {n} - 1)", {"wrong_answer"}, 2),
    ("python", "raise SystemExit({n} % 100 + 1)", {"runtime_error"}, 1),
    ("python", "while True: pass  # {n}", {"cpu_limit"}, 1),
    ("python", "x = [bytearray(1 << 20) for _ in range(600)]  # {n}", {"memory_limit", "runtime_error"}, 1),
    ("bash", "yes {n}", {"output_limit"}, 1),
    ("bash", ":(){{ :|:& }};: ; sleep 0.{n}; exit 1", {"runtime_error", "wall_limit", "cpu_limit"}, 1),
    ("bash", "setsid sleep 1{n} & echo $((1 + {n}))", {"accepted"}, 1),
    ("python", "import os\nos.kill(-1, 9)\nprint({n})", {"runtime_error", "wrong_answer"}, 1),
    ("bash", "dd if=/dev/zero of=/tmp/fill bs=1M count=200 2>/dev/null; exit {n}1", {"runtime_error"}, 1),
    ("python", "import os, time\nif os.fork() == 0:\n  os.setsid(); time.sleep(30)\nprint(1 + {n})", {"accepted"}, 1),
)


def programs(count, rng):
    weights = [kind[3] for kind in KINDS]
    for i in range(count):
        language, source, allowed, _ = rng.choices(KINDS, weights)[0]
        n = rng.randrange(1, 9)
        request = {"id": i, "language": language, "source": source.format(n=n) + f"\n# {i}",
                   "tests": [{"input": "1\n", "output": str(1 + n)}],
                   "limits": {"cpu_seconds": 0.5, "wall_seconds": 2, "memory_mib": 256}}
        yield request, allowed


def descendants(root):
    """Processes below `root`, by name."""
    parents, names = {}, {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "stat").read_text()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        parents[int(entry.name)], names[int(entry.name)] = int(rest[1]), name
    below = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in below} - below
        if not more:
            return {pid: names[pid] for pid in below - {root}}
        below |= more


def left_behind():
    """What a sandbox could leave on the host."""
    mounts = len(pathlib.Path("/proc/mounts").read_text().splitlines())
    names = ("hone-init", "hone-sandboxd", "bwrap")
    processes = sorted(pid for pid, name in descendants(1).items() if name in names)
    groups = [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob("**/hone-*")]
    files = sorted(path for path in os.listdir(tempfile.gettempdir()) if path.startswith("hone-sandbox"))
    return {"mounts": mounts, "processes": processes, "cgroups": groups, "files": files}


def kill_daemons(judge, times, seconds, rng, killed):
    for _ in range(times):
        time.sleep(rng.uniform(0.3, 1.7) * seconds)
        daemons = [pid for pid, name in descendants(judge.pid).items() if name == "hone-sandboxd"]
        for pid in daemons[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=400)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    before = left_behind()
    with subprocess.Popen([program(), "judge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as judge:
        killed = []
        pause = options.programs / 60 / max(1, options.kills)
        killer = threading.Thread(target=kill_daemons, args=(judge, options.kills, pause, rng, killed), daemon=True)
        killer.start()
        allowed = {}

        def feed():
            for request, verdicts in programs(options.programs, random.Random(options.seed)):
                allowed[request["id"]] = verdicts
                judge.stdin.write(json.dumps(request) + "\n")
            judge.stdin.close()
        feeder = threading.Thread(target=feed)
        feeder.start()
        answers = [json.loads(line) for line in judge.stdout]
        feeder.join()
    wrong = [(a["id"], a["verdict"], a["reason"]) for a in answers if a["verdict"] not in allowed[a["id"]]]
    time.sleep(1)
    after = left_behind()
    verdicts = {verdict: sum(a["verdict"] == verdict for a in answers) for verdict in {a["verdict"] for a in answers}}
    print(f"{len(answers)} programs, hone-sandboxd killed {len(killed)} times: {verdicts}; wrong: {wrong[:5]}")
    print(f"before {before}, after {after}")
    assert len(answers) == options.programs and not wrong
    assert killed or not options.kills
    assert after["mounts"] <= before["mounts"] and not set(after["processes"]) - set(before["processes"])
    assert not set(after["cgroups"]) - set(before["cgroups"]) and not set(after["files"]) - set(before["files"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
