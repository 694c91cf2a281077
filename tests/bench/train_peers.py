#!/usr/bin/env python3
"""Forward and backward of hone beside transformers at one random checkpoint, the contenders in turns.

Equal lengths first: bf16 and f32, activations kept and computed again. Then log-normal lengths in bf16: hone packs
them, transformers pads batches of --sequences of them in the order in which they come (and, to compare, takes them one
by one). Only one contender is in memory at a time. Prints one JSON line per contender, then the ratios.
"""
import argparse
import math
import random
import statistics
import subprocess
import sys
import time

from bench_model import HoneBench, SHAPES, add_common, load, make_checkpoint, say  # isort: skip

import torch

DTYPES = {"bf16": torch.bfloat16, "f32": torch.float32}


def products(shape):
    """Multiplications of a token in the layers and the head."""
    s = SHAPES[shape]
    kv = s["hidden_size"] // s["num_attention_heads"] * s["num_key_value_heads"]
    layer = 2 * s["hidden_size"] ** 2 + 2 * s["hidden_size"] * kv + 3 * s["hidden_size"] * s["intermediate_size"]
    return s["num_hidden_layers"] * layer + s["hidden_size"] * s["vocab_size"]


def flop(shape, lengths):
    """Of forward and backward, each product once forward and twice backward; nothing that is computed again counts."""
    s = SHAPES[shape]
    attention = sum(n * (n + 1) / 2 for n in lengths) * 2 * s["hidden_size"] * s["num_hidden_layers"]
    return 6 * (products(shape) * sum(lengths) + attention)


def log_normal_lengths(count, mean, longest, sigma=1.0, seed=1):
    rng = random.Random(seed)
    mu = math.log(mean) - sigma ** 2 / 2
    return [min(longest, max(16, round(rng.lognormvariate(mu, sigma)))) for _ in range(count)]


class Transformers:
    """Batches padded to their longest sequence."""

    def __init__(self, checkpoint, dtype, attention, recompute):
        self.model = load(checkpoint, DTYPES[dtype], attention).train()
        if recompute:
            self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})

    def seconds(self, rows, lengths):
        for _ in range(2):  # the first time buffers grow
            began = time.perf_counter()
            for start in range(0, len(lengths), rows):
                self.step(lengths[start:start + rows])
        return time.perf_counter() - began

    def step(self, lengths):
        width = max(lengths)
        ids = torch.randint(3, self.model.config.vocab_size, (len(lengths), width))
        mask = torch.arange(width) < torch.tensor(lengths)[:, None]
        self.model(input_ids=ids, attention_mask=mask.long(), labels=ids.masked_fill(~mask, -100)).loss.backward()


def peer_process(options, dtype, attention, recompute, rows, lengths):
    """Transformers in a process of its own, so that its memory is given back."""
    what = f"{dtype} {attention} {int(recompute)} {rows} " + " ".join(map(str, lengths))
    done = subprocess.run([sys.executable, __file__, "--only", what, "--shape", options.shape, "--directory",
                           options.directory, "--threads", str(options.threads)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return float(done.stdout.split()[-1])


def only(options):
    dtype, attention, recompute, rows, *lengths = options.only.split()
    peer = Transformers(make_checkpoint(options.shape, options.directory), dtype, attention, recompute == "1")
    print(peer.seconds(int(rows), [int(n) for n in lengths]))


def hone_process(options, dtype, keep_gib, budget, lengths):
    bench = HoneBench(options, "train_bench", dtype, make_checkpoint(options.shape, options.directory))
    bench.ask(keep_gib, budget, *lengths)  # buffers grow
    seconds = bench.ask(keep_gib, budget, *lengths)["seconds"]
    bench.close()
    return seconds


def measure(contenders, rounds):
    seconds = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name].append(run())
    return {name: statistics.median(values) for name, values in seconds.items()}


def report(what, seconds, work, tokens):
    for name, value in seconds.items():
        say(what=what, contender=name, seconds=round(value, 3), GFLOPs=round(work / value / 1e9, 1),
            tokens_per_s=round(tokens / value, 1))


def best_peer(seconds):
    return min((value, name) for name, value in seconds.items() if not name.startswith("hone"))


def equal_lengths(options, dtypes):
    lengths = [options.length] * options.sequences
    budget, best = options.length * options.sequences, {}
    for dtype in dtypes:
        contenders = {}
        for keep in (options.keep_gib, 0) if options.keep_gib else (0,):
            contenders[f"hone {dtype} {'kept' if keep else 'recomputed'}"] = (
                lambda keep=keep: hone_process(options, dtype, keep, budget, lengths))
        for attention in options.attention.split(","):
            for recompute in (False, True):
                contenders[f"transformers {dtype} {attention} {'recomputed' if recompute else 'kept'}"] = (
                    lambda a=attention, r=recompute: peer_process(options, dtype, a, r, len(lengths), lengths))
        seconds = measure(contenders, options.rounds)
        report("equal lengths", seconds, flop(options.shape, lengths), sum(lengths))
        peer, hone = best_peer(seconds), min(v for name, v in seconds.items() if name.startswith("hone"))
        best[dtype] = (hone, peer[0])
        say(what="equal lengths", ratio=f"hone {dtype} / {peer[1]}", value=round(peer[0] / hone, 2))
    if len(best) == 2:
        ratio = best["f32"][1] / best["bf16"][0]
        say(what="equal lengths", ratio="hone bf16 / transformers f32", value=round(ratio, 2))


def mixed_lengths(options):
    lengths = log_normal_lengths(options.sequences * 4, options.length, options.longest)
    budget = options.length * options.sequences
    contenders = {"hone bf16 packed": lambda: hone_process(options, "bf16", options.keep_gib, budget, lengths)}
    for attention in options.attention.split(","):
        for rows, how in ((options.sequences, "padded"), (1, "one by one")):
            contenders[f"transformers bf16 {attention} {how}"] = (
                lambda a=attention, n=rows: peer_process(options, "bf16", a, False, n, lengths))
    seconds = measure(contenders, options.rounds)
    report(f"log-normal lengths {min(lengths)} to {max(lengths)}", seconds, flop(options.shape, lengths), sum(lengths))
    for name in list(seconds)[1:]:
        ratio = seconds[name] / seconds["hone bf16 packed"]
        say(what="log-normal lengths", ratio=f"hone packed / {name}", value=round(ratio, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common(parser)
    parser.add_argument("--dtypes", default="bf16,f32")
    parser.add_argument("--attention", default="sdpa", help="implementations of transformers, separated by commas")
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--longest", type=int, default=1024)
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--keep-gib", type=float, default=4, help="memory for hone's kept activations")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mixed", choices=("yes", "no", "only"), default="yes", help="log-normal lengths too")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.only:
        return only(options)
    make_checkpoint(options.shape, options.directory)
    if options.mixed != "only":
        equal_lengths(options, options.dtypes.split(","))
    if options.mixed != "no":
        mixed_lengths(options)


if __name__ == "__main__":
    main()
