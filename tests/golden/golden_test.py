#!/usr/bin/env python3
"""Tiny checkpoints of some architectures give the log-probabilities that transformers gave for them (make.py)."""
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from harness import hone  # noqa: E402

F32_TOLERANCE = 2e-4
# Names of HONE_ISA, and what /proc/cpuinfo lists where the machine has them.
INSTRUCTION_SETS = {"avx2": "avx2", "avx512": "avx512vl", "avx512_bf16": "avx512_bf16", "amx": "amx_bf16"}


def mean(values):
    return sum(values) / len(values)


def score(directory, expected, dtype):
    line = json.dumps({"token_ids": expected["token_ids"], "prompt_tokens": expected["prompt_tokens"]})
    return json.loads(hone("score", directory, "--dtype", dtype, stdin=line + "\n"))["logprobs"]


def differences(found, expected):
    assert len(found) == len(expected) > 0
    return [abs(a - b) for a, b in zip(found, expected)]


def check(directory):
    expected = json.loads((directory / "expected.json").read_text())
    worst = max(differences(score(directory, expected, "f32"), expected["f32"]))
    assert worst <= F32_TOLERANCE, f"{directory.name}: f32 differs by {worst:.1e}"
    # Of bf16: no further from f32 than transformers is. A reference without rounding would do better than both.
    bf16 = score(directory, expected, "bf16")
    ours, theirs = (mean(differences(values, expected["f32"])) for values in (bf16, expected["bf16"]))
    assert 0 < ours <= 1.1 * theirs, f"{directory.name}: bf16 is {ours:.4f} from f32, transformers {theirs:.4f}"
    isa = os.environ["HONE_ISA"]
    print(f"{isa}, {directory.name}: f32 within {worst:.1e}; bf16 {ours:.4f} from f32, transformers' {theirs:.4f}")


def main():
    directories = sorted(path.parent for path in HERE.glob("*/expected.json"))
    assert directories, f"no goldens in {HERE}"
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    for isa, flag in INSTRUCTION_SETS.items():
        if flag in flags:
            os.environ["HONE_ISA"] = isa
            for directory in directories:
                check(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
