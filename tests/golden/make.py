#!/usr/bin/env python3
"""Writes the goldens of golden_test.py: tiny checkpoints with the log-probabilities that transformers gives for them.

usage: make.py, with the Python that `./hone test --oracles` prepares
"""
import json
import pathlib
import random
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))
import torch  # noqa: E402

import checkpoints  # noqa: E402
import reference  # noqa: E402
from architectures import random_config  # noqa: E402

SEEDS = {"deepseek_v3": 4, "deepseek_v2": 21, "qwen2": 1, "qwen3_moe": 1, "llama": 3}
TINY = {"vocab_size": 61, "hidden_size": 24, "intermediate_size": 33, "num_hidden_layers": 2,
        "moe_intermediate_size": 7, "kv_lora_rank": 18, "n_routed_experts": 8, "max_position_embeddings": 262144}
TOKENS = 64


def tiny_config(architecture, seed):
    config = random_config(architecture, seed)
    fields = {name: value for name, value in TINY.items() if hasattr(config, name)}
    if architecture == "qwen2":
        fields["hidden_size"] = 6 * config.num_attention_heads  # heads of an even number of columns
        config.layer_types = config.layer_types[:2]
    config.update(fields)
    return config


def decided_tokens(double_model, rng):
    """Token ids of which no choice is decided by rounding."""
    while True:
        tokens = [rng.randrange(TINY["vocab_size"]) for _ in range(TOKENS)]
        if reference.decided(double_model, tokens).all():
            return tokens


def make(architecture, seed):
    checkpoints.random_config = tiny_config
    with tempfile.TemporaryDirectory() as scratch:
        made = checkpoints.make_checkpoint(pathlib.Path(scratch) / "made", architecture, seed, "bfloat16")
        tokens = decided_tokens(reference.load_double(made.plain), random.Random(seed))
        expected = {"token_ids": tokens, "prompt_tokens": 1}
        for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
            logprobs = reference.logprobs(reference.load(made.plain, dtype), tokens)
            expected[name] = [round(value, 7) for value in logprobs.tolist()]
        directory = HERE / architecture
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(made.path, directory)
    (directory / "expected.json").write_text(json.dumps(expected) + "\n")


def main():
    for architecture, seed in SEEDS.items():
        make(architecture, seed)


if __name__ == "__main__":
    main()
