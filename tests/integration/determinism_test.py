#!/usr/bin/env python3
"""Threads, batch limits and prefill chunks change no bit; sampler and trainer agree in every architecture."""
import sys

from harness import Run, Scratch, differences

TINY = ("stages.base.steps=12", "stages.base.eval.problems=8", "stages.zero.steps=4", "stages.zero.eval.problems=8")
# How a run is computed; the results must be those of the first.
HOW = (("run.threads=1",), ("run.threads=2",), ("run.threads=4",),
       ("run.threads=2", "rollout.max_sequences=37"),
       ("run.threads=2", "rollout.prefill_chunk=3"),
       ("run.threads=3", "rollout.max_sequences=100", "rollout.prefill_chunk=64", "rollout.cache_tokens=2048"))
# What is computed; parity must be exact in each.
WHAT = (("policy.mla=absorbed",), ("policy.attention=gqa",), ("policy.experts=0",),
        ("policy.attention=gqa", "policy.experts=0", "policy.kv_heads=2"),
        ("stages.zero.share_prompt=false",))


def check_parity(run, name):
    rows = [row for row in run.rows() if row["kind"] == "grpo"]
    assert rows, f"{name}: no grpo step"
    broken = [row["step"] for row in rows if row["parity/max_abs_diff"] != 0]
    assert not broken, f"{name}: parity is not 0 in steps {broken}"


def main():
    problems = []
    with Scratch() as scratch:
        reference = None
        for i, how in enumerate(HOW):
            run = Run(scratch / f"how-{i}", (*TINY, *how)).finish()
            check_parity(run, how)
            results = run.results()
            reference = reference or results
            problems += [f"{' '.join(how)}: {line}" for line in differences(results, reference)]
            print(" ".join(how), results["hash"][:16], flush=True)
        for i, what in enumerate(WHAT):
            run = Run(scratch / f"what-{i}", (*TINY, *what)).finish()
            check_parity(run, what)
            print(" ".join(what), "parity 0", flush=True)
        assert not problems, "\n".join(problems)
    return 0


if __name__ == "__main__":
    sys.exit(main())
