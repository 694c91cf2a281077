#!/usr/bin/env python3
"""A policy loaded from a directory, in bf16, keeps what is promised for one made from scratch: sampler and trainer
agree, threads and batch limits change no bit, a killed run ends with the same bits, and what it writes can be loaded.

usage: loaded_model_test.py [--kills N] [--seed S] [--dtype bf16]
"""
import argparse
import pathlib
import random
import shutil
import sys
import time

from harness import Run, Scratch, differences, final_hash, hone, shortened
from determinism_test import check_parity, check_score

DENSE = ("policy.experts=0", "policy.experts_per_token=null")
MODELS = {"mla_experts": (), "mla_absorbed": ("policy.mla=absorbed",),
          "gqa_dense": (*DENSE, "policy.attention=gqa", "policy.kv_heads=2")}
HOW = ((), ("run.threads=1",), ("run.threads=3", "rollout.max_sequences=37", "rollout.prefill_chunk=5"))
RUN = """\
policy: {{path: {model}, dtype: {dtype}, mla: {mla}}}
stages:
  - name: warm
    kind: sft
    steps: 6
    rows_per_step: 64
    data: {{task: running_sum}}
    learning_rate: 1e-3
    checkpoint_every: 2
    eval: {{problems: 16}}
  - name: zero
    kind: grpo
    steps: 5
    data: {{task: running_sum}}
    rewards: [{{checker: answer, weight: 1.0}}, {{checker: format, weight: 0.1}}]
    prompts_per_step: 8
    group_size: 8
    max_new_tokens: 24
    learning_rate: 5e-4
    eval: {{problems: 16}}
"""


def make_model(directory, what):
    """A checkpoint of a short pretraining, as a directory of its own."""
    run = Run(directory, (*shortened(base_steps=40, zero_steps=1, problems=8), "run.threads=2", *what),
              wrapper=()).finish(overrides=("--until", "base"))
    checkpoints = sorted((run.directory / "checkpoints").glob("base-*"))
    model = directory.with_suffix(".model")
    model.mkdir()
    for path in checkpoints[-1].iterdir():
        if path.name in ("config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
                         "tokenizer_config.json"):
            shutil.copy(path, model)
    return model


def write_config(path, model, dtype, mla):
    path.write_text(RUN.format(model=model, dtype=dtype, mla=mla))
    return path


def check_kill(config, directory, seconds, reference, rng):
    run = Run(directory, config=config, overrides=()).start()
    delay = rng.uniform(0, seconds)
    time.sleep(delay)
    run.kill()
    run.finish()
    return [f"killed after {delay:.3f} s: {line}" for line in differences(run.results(), reference)]


def check_reload(config, run, scratch):
    """The last checkpoint as a plain model directory gives the same log-probabilities."""
    last = sorted((run.directory / "checkpoints").glob("zero-*"), key=lambda path: int(path.name.split("-")[-1]))[-1]
    copy = scratch / f"{run.directory.name}.copy"
    shutil.copytree(last, copy, ignore=shutil.ignore_patterns("manifest.json", "optimizer*", "masters*", "state.json"))
    line = '{"token_ids": [1, 8, 9, 10, 20, 11, 12, 13], "prompt_tokens": 1}\n'
    found, expected = hone("score", copy, stdin=line), hone("score", run.directory, stdin=line)
    assert found == expected, f"{config.name}: reloaded weights differ\n{found}{expected}"


def flip_bit(path, rng):
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def check_damage(run, rng, flips):
    """Every flipped bit of a checkpoint is found and named."""
    last = sorted((run.directory / "checkpoints").iterdir())[-1]
    for _ in range(flips):
        path = rng.choice(sorted(p for p in last.iterdir() if p.is_file() and p.stat().st_size))
        sound = path.read_bytes()
        flip_bit(path, rng)
        try:
            final_hash(last)
        except AssertionError:
            continue
        finally:
            path.write_bytes(sound)
        raise AssertionError(f"a flipped bit of {path} was not noticed")


def check_model(name, what, scratch, rng, options):
    model = make_model(scratch / f"{name}-base", what)
    form = "absorbed" if "absorbed" in name else "expanded"
    config = write_config(scratch / f"{name}.yaml", model, options.dtype, form)
    reference, problems, seconds = None, [], 0.0
    for i, how in enumerate(HOW):
        began = time.monotonic()
        run = Run(scratch / f"{name}-{i}", config=config, overrides=how).finish()
        seconds = time.monotonic() - began
        check_parity(run, name)
        results = run.results()
        reference = reference or results
        problems += [f"{name} {' '.join(how)}: {line}" for line in differences(results, reference)]
    check_score(run, name)
    if name != "mla_absorbed":  # a plain directory is opened in the expanded form
        check_reload(config, run, scratch)
    check_damage(run, rng, flips=10)
    for i in range(options.kills):
        problems += check_kill(config, scratch / f"{name}-kill-{i}", seconds, reference, rng)
    print(name, reference["hash"][:16], f"{options.kills} kills", "; ".join(problems) or "as promised", flush=True)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=2, help="for each model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="bf16")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    problems = []
    with Scratch() as scratch:
        for name, what in MODELS.items():
            problems += check_model(name, what, pathlib.Path(scratch), rng, options)
        assert not problems, "\n".join(problems)
    return 0


if __name__ == "__main__":
    sys.exit(main())
