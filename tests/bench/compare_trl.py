#!/usr/bin/env python3
"""The job of configs/running_sum.yaml (or quickstart.yaml) done with transformers and TRL, to time them side by side.

The same model shape, corpus, batch, optimizer settings and rewards as hone's recipe. Prints one JSON object per phase
with the names that hone uses for the same quantities. Needs requirements/oracles.lock and requirements/peers.in.
"""
import argparse
import json
import math
import os
import random
import re
import statistics
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
from datasets import Dataset
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import DeepseekV3Config, DeepseekV3ForCausalLM, PreTrainedTokenizerFast
from transformers.trainer_callback import PrinterCallback, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

WORDS = ["<pad>", "<bos>", "<eos>", "<think>", "</think>", "<answer>", "</answer>", "wait", *"0123456789+-=;?,:"]
ANSWER = re.compile(r"<answer>([^<]*)</answer>")
READABLE = re.compile(r"<think>[^<]*</think><answer>[^<]*</answer>(<eos>)?")
ROWS_PER_STEP, PROMPTS_PER_STEP, GROUP_SIZE = 256, 32, 16
# Per task: learning rates of the two stages and the length limit of an answer.
RECIPE = {"running_sum": (4e-3, 5e-4, 32), "sum": (4e-3, 1.5e-4, 96)}


def running_sum(rng):
    digits = [rng.randrange(10) for _ in range(8)]
    chain = [sum(digits[:i + 1]) % 10 for i in range(8)]
    return "".join(map(str, digits)) + "=", "".join(map(str, chain)), str(chain[-1])


def sum_of_six(rng):
    total = rng.randrange(16)
    prompt, chain = f"{total:02d}", [total]
    for _ in range(5):
        term = rng.randrange(16)
        sign = rng.choice((1, -1))
        if not 0 <= total + sign * term <= 99:
            sign = -sign
        total += sign * term
        prompt += f"{'+' if sign > 0 else '-'}{term:02d}"
        chain.append(total)
    return prompt + "=", "".join(f"{partial:02d};" for partial in chain), f"{total:02d}"


TASKS = {"running_sum": running_sum, "sum": sum_of_six}


def make_tokenizer():
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"</?\w+>|wait|."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>",
                                   padding_side="left")


def make_model(hidden, layers):
    return DeepseekV3ForCausalLM(DeepseekV3Config(
        vocab_size=len(WORDS), hidden_size=hidden, intermediate_size=2 * hidden, moe_intermediate_size=hidden,
        num_hidden_layers=layers, num_attention_heads=4, num_key_value_heads=4, first_k_dense_replace=1,
        n_routed_experts=8, num_experts_per_tok=2, n_shared_experts=1, n_group=1, topk_group=1,
        routed_scaling_factor=1.0, q_lora_rank=None, kv_lora_rank=32, qk_nope_head_dim=16, qk_rope_head_dim=16,
        v_head_dim=16, max_position_embeddings=256, initializer_range=0.7 / math.sqrt(hidden),
        tie_word_embeddings=False, pad_token_id=0, bos_token_id=1, eos_token_id=2))


def corpus_batch(task, rng, tokenizer, chain_share):
    """Right-padded rows; labels are -100 on prompts and padding."""
    rows = []
    for _ in range(ROWS_PER_STEP):
        prompt, chain, answer = task(rng)
        chain = chain if rng.random() < chain_share else ""
        texts = ["<bos>" + prompt, f"<think>{chain}</think><answer>{answer}</answer><eos>"]
        rows.append(tokenizer(texts, add_special_tokens=False).input_ids)
    width = max(len(p) + len(a) for p, a in rows)
    ids, mask = torch.zeros(len(rows), width, dtype=torch.long), torch.zeros(len(rows), width, dtype=torch.long)
    labels = torch.full((len(rows), width), -100)
    for i, (prompt, answer) in enumerate(rows):
        end = len(prompt) + len(answer)
        ids[i, :end], mask[i, :end], labels[i, len(prompt):end] = torch.tensor(prompt + answer), 1, torch.tensor(answer)
    return ids, mask, labels


def pretrain(model, tokenizer, task, steps, learning_rate, seed):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    rng, seconds = random.Random(seed), []
    for step in range(steps):
        began = time.perf_counter()
        factor = min(1.0, (step + 1) / 30) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * factor
        ids, mask, labels = corpus_batch(task, rng, tokenizer, 0.5 if step < 0.6 * steps else 0.1)
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.perf_counter() - began)
    return {"loss": round(loss.item(), 4), "seconds": round(sum(seconds), 2),
            "seconds/step": round(statistics.median(seconds), 4)}


def is_correct(completion, answer):
    found = ANSWER.search(completion)
    return found is not None and found[1] == answer


def answer_reward(completions, answer, **_):
    return [float(is_correct(c, a)) for c, a in zip(completions, answer)]


def format_reward(completions, **_):
    return [0.1 * bool(READABLE.fullmatch(c)) for c in completions]


class StepClock(TrainerCallback):
    """The seconds of each optimizer step, sampling included."""

    def __init__(self):
        self.ends = []

    def on_train_begin(self, *_, **__):
        self.ends.append(time.perf_counter())

    def on_step_end(self, *_, **__):
        self.ends.append(time.perf_counter())

    def seconds(self):
        return [b - a for a, b in zip(self.ends, self.ends[1:])]


def grpo(model, tokenizer, task, steps, learning_rate, max_new_tokens, seed):
    rng = random.Random(seed + 1)
    problems = [task(rng) for _ in range(PROMPTS_PER_STEP * steps)]
    data = Dataset.from_list([{"prompt": "<bos>" + prompt, "answer": answer} for prompt, _, answer in problems])
    clock = StepClock()
    with tempfile.TemporaryDirectory() as scratch:
        config = GRPOConfig(
            output_dir=scratch, per_device_train_batch_size=PROMPTS_PER_STEP * GROUP_SIZE, num_generations=GROUP_SIZE,
            max_completion_length=max_new_tokens, max_steps=steps, learning_rate=learning_rate, warmup_steps=10,
            lr_scheduler_type="constant_with_warmup", adam_beta2=0.95, weight_decay=0.0, beta=0.0, epsilon=0.2,
            epsilon_high=0.28, loss_type="dapo", temperature=1.0, top_k=0, bf16=False, use_cpu=True, seed=seed,
            report_to=[], save_strategy="no", gradient_checkpointing=False, disable_tqdm=True)
        trainer = GRPOTrainer(model=model, reward_funcs=[answer_reward, format_reward], args=config, train_dataset=data,
                              processing_class=tokenizer, callbacks=[clock])
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    seconds = clock.seconds()
    return {"seconds": round(sum(seconds), 2), "seconds/step": round(statistics.median(seconds), 4)}


@torch.no_grad()
def evaluate(model, tokenizer, task, max_new_tokens, problems):
    model.eval()
    rng = random.Random(999)
    rows = [task(rng) for _ in range(problems)]
    prompts = ["<bos>" + prompt for prompt, _, _ in rows]
    batch = tokenizer(prompts, return_tensors="pt", add_special_tokens=False, padding=True)
    began = time.perf_counter()
    output = model.generate(input_ids=batch.input_ids, attention_mask=batch.attention_mask, do_sample=True,
                            temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=max_new_tokens)
    seconds = time.perf_counter() - began
    answers = output[:, batch.input_ids.shape[1]:]
    texts = [text.split("<eos>")[0] for text in tokenizer.batch_decode(answers, skip_special_tokens=False)]
    tokens = int((answers != tokenizer.pad_token_id).sum())
    model.train()
    return {"pass_at_1": sum(is_correct(text, row[2]) for text, row in zip(texts, rows)) / problems,
            "length_mean": round(tokens / problems, 2), "tokens_per_second": round(tokens / seconds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=TASKS, default="running_sum")
    parser.add_argument("--base-steps", type=int, default=300)
    parser.add_argument("--zero-steps", type=int, default=50)
    parser.add_argument("--hidden-size", type=int, default=64)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--problems", type=int, default=256)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    task, (base_rate, zero_rate, max_new_tokens) = TASKS[options.task], RECIPE[options.task]
    tokenizer, model = make_tokenizer(), make_model(options.hidden_size, options.layers)

    def report(phase, **values):
        print(json.dumps({"peer": "trl", "task": options.task, "phase": phase, **values}), flush=True)

    report("base", parameters=sum(p.numel() for p in model.parameters()),
           **pretrain(model, tokenizer, task, options.base_steps, base_rate, options.seed))
    report("eval_base", **evaluate(model, tokenizer, task, max_new_tokens, options.problems))
    report("zero", **grpo(model, tokenizer, task, options.zero_steps, zero_rate, max_new_tokens, options.seed))
    report("eval_zero", **evaluate(model, tokenizer, task, max_new_tokens, options.problems))


if __name__ == "__main__":
    main()
