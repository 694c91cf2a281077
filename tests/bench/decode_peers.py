#!/usr/bin/env python3
"""Decoding speed of hone beside transformers and llama.cpp: one random checkpoint in bf16, the contenders in turns.

Prints one JSON line per contender and batch (the median of the rounds), then the ratios. Needs torch, transformers,
gguf and llama-cpp-python (built with CMAKE_ARGS=-DGGML_NATIVE=ON).
"""
import argparse
import statistics
import time

from bench_model import HoneBench, add_common, load, make_checkpoint, say
from llama_cpp_model import LlamaCpp  # isort: skip

import torch

PROMPT_TOKENS = 16


class Transformers:
    def __init__(self, checkpoint):
        self.model = load(checkpoint, torch.bfloat16)

    @torch.inference_mode()
    def seconds(self, sequences, new_tokens):
        ids = torch.randint(3, self.model.config.vocab_size, (sequences, PROMPT_TOKENS))
        began = time.perf_counter()
        self.model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0,
                            max_new_tokens=new_tokens, min_new_tokens=new_tokens)
        return time.perf_counter() - began

    def step_seconds(self, sequences, new_tokens):
        """Of a token after the second: what the prompts cost is taken off."""
        return (self.seconds(sequences, new_tokens + 2) - self.seconds(sequences, 2)) / new_tokens


def read_bandwidth():
    """Bytes a second that torch reads from memory, the best of five."""
    data, best = torch.ones(1 << 27), 0.0
    for _ in range(6):
        began = time.perf_counter()
        data.sum()
        best = max(best, data.nbytes / (time.perf_counter() - began))
    return best


def measure(contenders, batch, new_tokens, rounds):
    """Median seconds of a step of each, taken in turns."""
    seconds = {name: [] for name in contenders}
    for name, step in contenders.items():
        step(batch, 2)  # buffers grow
    for _ in range(rounds):
        for name, step in contenders.items():
            seconds[name].append(step(batch, new_tokens))
    return {name: statistics.median(values) for name, values in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common(parser)
    parser.add_argument("--batches", default=None, help="default: 1,8,32, or 1,16,64 for 6m")
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", choices=("bf16", "f32"), default="bf16", help="of hone; the peers run in bf16")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    checkpoint = make_checkpoint(options.shape, options.directory)
    peer, llama = Transformers(checkpoint), LlamaCpp(checkpoint, options.threads)
    hone = HoneBench(options, "decode_bench", options.dtype, checkpoint)
    contenders = {
        "hone": lambda batch, n: hone.ask(batch, n)["ms_per_step"] / 1e3,
        "llama.cpp": lambda batch, n: llama.step_seconds(batch, PROMPT_TOKENS, n)[0],
        "transformers": peer.step_seconds,
    }
    bandwidth = max(read_bandwidth(), hone.first["read_GBs"] * 1e9)
    weights = sum(p.numel() for p in peer.model.parameters()) * 2
    say(shape=options.shape, weight_bytes=weights, read_GBs=round(bandwidth / 1e9, 1), hone=hone.first)
    for batch in map(int, (options.batches or ("1,8,32" if options.shape == "0.5b" else "1,16,64")).split(",")):
        seconds = measure(contenders, batch, options.new_tokens, options.rounds)
        for name, step in seconds.items():
            say(contender=name, batch=batch, tokens_per_s=round(batch / step, 1), ms_per_step=round(1e3 * step, 3),
                share_of_read=round(weights / step / bandwidth, 3))
        say(batch=batch, **{f"hone / {name}": round(seconds[name] / seconds["hone"], 2) for name in list(seconds)[1:]})
    hone.close()


if __name__ == "__main__":
    main()
