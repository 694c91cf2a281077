#!/usr/bin/env python3
"""Threads, batch limits and prefill chunks change no bit; sampler and trainer agree in every architecture."""
import json
import sys

from harness import Run, Scratch, differences, hone, shortened

TINY = shortened(base_steps=12, zero_steps=4, problems=8)
# How a run is computed; the results must be those of the first.
HOW = (("run.threads=1",), ("run.threads=2",), ("run.threads=4",),
       ("run.threads=2", "rollout.max_sequences=37"),
       ("run.threads=2", "rollout.prefill_chunk=3"),
       ("run.threads=3", "rollout.max_sequences=100", "rollout.prefill_chunk=64", "rollout.cache_tokens=2048"))
# What is computed; parity must be exact in each.
DENSE = ("policy.experts=0", "policy.experts_per_token=null")
WHAT = ((), ("policy.mla=absorbed",), ("policy.attention=gqa",), DENSE, (*DENSE, "policy.mla=absorbed"),
        (*DENSE, "policy.attention=gqa", "policy.kv_heads=2"), ("stages.zero.share_prompt=false",))
PROMPTS = ([1, 8, 9, 10], [1, 17, 16, 15, 14, 13, 12, 11, 10, 20], [1], [2, 3, 4, 5, 6, 7, 24])


def check_parity(run, name):
    rows = [row for row in run.rows() if row["kind"] == "grpo"]
    assert rows, f"{name}: no grpo step"
    broken = [row["step"] for row in rows if row["parity/max_abs_diff"] != 0]
    assert not broken, f"{name}: parity is not 0 in steps {broken}"


def json_lines(command, run, rows, *arguments):
    output = hone(command, run.directory, *arguments, stdin="".join(json.dumps(row) + "\n" for row in rows))
    return [json.loads(line) for line in output.splitlines()]


def check_score(run, name):
    """What generate gives for a token, score gives too: to the last bit, in one batch and alone."""
    prompts = [{"id": i, "token_ids": tokens} for i, tokens in enumerate(PROMPTS)]
    answers = json_lines("generate", run, prompts, "--n", "3", "--seed", "5", "--max-new-tokens", "20")
    pairs = [(PROMPTS[answer["id"]], completion) for answer in answers for completion in answer["completions"]]
    texts = [{"id": i, "token_ids": prompt + completion["token_ids"], "prompt_tokens": len(prompt)}
             for i, (prompt, completion) in enumerate(pairs)]
    scored = json_lines("score", run, texts)
    assert len(pairs) == len(scored) == 3 * len(PROMPTS), name
    for (_, completion), score in zip(pairs, scored):
        assert completion["logprobs"] == score["logprobs"], f"{name}: generate and score differ"
    assert json_lines("score", run, texts[4:5]) == scored[4:5], f"{name}: alone and in a batch differ"


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
            check_score(run, what)
            print(" ".join(what), "parity 0, generate equals score", flush=True)
        assert not problems, "\n".join(problems)
    return 0


if __name__ == "__main__":
    sys.exit(main())
