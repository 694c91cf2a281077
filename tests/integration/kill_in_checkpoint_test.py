#!/usr/bin/env python3
"""A run killed at any system call with which a checkpoint is written resumes to the bits of an undisturbed run.

usage: kill_in_checkpoint_test.py [--points N]

A first run under strace lists the calls between the creation of the last checkpoint's directory and its end. Each of
them (or N of them, evenly spread) is then a trial: strace kills the process on entering that call, and the run is
started again.
"""
import argparse
import re
import shutil
import subprocess
import sys

from harness import Run, Scratch, differences, shortened, skip

CALLS = ("mkdir", "mkdirat", "openat", "write", "pwrite64", "writev", "ftruncate", "fallocate", "fsync", "fdatasync",
         "sync_file_range", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir")
TINY = (*shortened(base_steps=3, zero_steps=2, problems=4), "run.threads=1")
LAST_CHECKPOINT = re.compile(r"checkpoints/[\w.-]*zero-2")
LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")


def traced_calls(run, trace):
    """[(call, how often this thread had made it, text)] from the first to the last that names the last checkpoint."""
    run.finish(wrapper=["strace", "-f", "-y", "-o", str(trace), "-e", "trace=" + ",".join("?" + c for c in CALLS)])
    counts, calls = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        match = LINE.match(line)
        if match:
            key = match[1], match[2]
            counts[key] = counts.get(key, 0) + 1
            if match[2] != "openat" or "O_CREAT" in match[3]:
                calls.append((match[2], counts[key], match[3]))
    named = [i for i, call in enumerate(calls) if LAST_CHECKPOINT.search(call[2])]
    assert named, f"no system call names {LAST_CHECKPOINT.pattern}"
    # Those before and after belong to it too: the records it refers to, the directory's own fsync.
    return calls[max(0, named[0] - 3):named[-1] + 4]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=0, help="how many calls to try; 0: all")
    options = parser.parse_args()
    if not shutil.which("strace"):
        skip("strace is not installed")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        skip("strace may not trace processes here")
    failed = 0
    with Scratch() as scratch:
        traced = Run(scratch / "traced", TINY)
        calls = traced_calls(traced, scratch / "trace")
        reference = traced.results()
        step = max(1, len(calls) // options.points) if options.points else 1
        points = calls[::step]
        for i, (call, count, text) in enumerate(points):
            run = Run(scratch / f"killed-{i}", TINY)
            inject = f"inject={call}:signal=KILL:when={count}"
            code = run.start(wrapper=["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]).wait()
            problems = differences(run.finish().results(), reference)
            failed += bool(problems)
            print(f"{call}({text[:60]} exit {code}: {'; '.join(problems) or 'ok'}", flush=True)
            shutil.rmtree(run.directory)
        print(f"{len(points) - failed} of {len(points)} kills during a checkpoint ended in {reference['hash'][:16]}")
        assert not failed
    return 0


if __name__ == "__main__":
    sys.exit(main())
