#!/usr/bin/env python3
"""GSM8K-, MATH- and DAPO-shaped files go through check, sft, grpo and eval; a run holds on to its data."""
import json
import random
import string
import subprocess
import sys

from harness import Run, Scratch, final_hash, hone, program

INSTRUCTION = ("Solve the following math problem step by step. The last line of your response should be of the form "
               "Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\n{}\n\nRemember to put "
               'your answer on its own line after "Answer:".')
ROWS = 40
CONFIG = """
run: {{name: files, seed: 7, threads: 2}}
policy: {{hidden_size: 32, layers: 2, heads: 2, experts: 0, experts_per_token: null, kv_lora_rank: 16,
         qk_nope_head_dim: 8, qk_rope_head_dim: 8, v_head_dim: 8, max_positions: 900}}
tokenizer: {{characters: {characters}}}
stages:
  - name: imitate
    kind: sft
    epochs: 2
    rows_per_step: 16
    learning_rate: 1.0e-3
    data: {{path: {imitated}, template: r1_zero,
           completion_template: " <think>{{completion}}</think><answer>{{gold}}</answer>"}}
    eval: {{at_end: false}}
  - name: zero
    kind: grpo
    steps: 3
    prompts_per_step: 4
    group_size: 4
    max_new_tokens: 16
    learning_rate: 1.0e-3
    data: {{path: {asked}, template: r1_zero}}
    rewards: [{{checker: math}}, {{checker: format, weight: 0.1}}]
    eval: {{problems: 8, samples: 2}}
"""


def gsm8k_rows(rng):
    for _ in range(ROWS):
        name, count, price = rng.choice(("Ann", "Bela", "Chidi")), rng.randrange(2, 400), rng.randrange(2, 90)
        total = count * price
        yield {"question": f"{name} buys {count} pens for ${price} each. How many dollars does {name} pay?",
               "answer": f"{name} pays {count}*{price}=$<<{count}*{price}={total}>>{total}.\n#### {total:,}"}


def math_rows(rng):
    for i in range(ROWS):
        a, b = rng.randrange(1, 50), rng.randrange(2, 50)
        answer = (f"\\frac{{{a}}}{{{b}}}", f"{a}\\sqrt{{{b}}}", f"\\left({a},{b}\\right)", f"{a}\\pi",
                  f"x^{{{b}}}+{a}")[i % 5]
        yield {"problem": f"What is ${answer}$? Give a closed form.", "level": f"Level {1 + i % 5}", "type": "Algebra",
               "solution": f"We have $\\boxed{{0}}$ at first, and in the end ${answer}=\\boxed{{{answer}}}$."}


def dapo_rows(rng):
    for i in range(ROWS):
        a, b = rng.randrange(100), rng.randrange(100)
        yield {"data_source": "math_dapo" if i % 2 else "math_other", "ability": "MATH",
               "prompt": [{"content": INSTRUCTION.format(f"Compute ${a}-{b}$."), "role": "user"}],
               "reward_model": {"ground_truth": str(a - b), "style": "rule-lighteval/MATH_v2"},
               "extra_info": {"index": f"{i:04x}"}}


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def refused(*arguments):
    """What hone says when it refuses."""
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 2, f"exit code {done.returncode}\n{done.stderr}"
    return done.stderr


def write_config(scratch, name, imitated, asked):
    characters = json.dumps(string.printable[:95] + "\n")
    path = scratch / f"{name}.yaml"
    path.write_text(CONFIG.format(characters=characters, imitated=imitated.name, asked=asked.name))
    return path


def check_golds(rows):
    """Every gold equals itself."""
    golds = [row["reward_model"]["ground_truth"] if "reward_model" in row else
             row["answer"].split("#### ")[1] if "answer" in row else row["solution"] for row in rows]
    lines = "".join(json.dumps({"id": i, "completion": f"\\boxed{{{gold}}}" if "boxed" not in gold else gold,
                                "gold": gold}) + "\n" for i, gold in enumerate(golds))
    verdicts = [json.loads(line)["verdict"] for line in hone("grade", "math", stdin=lines).splitlines()]
    assert verdicts == ["correct"] * len(golds), verdicts


def check_run(run, path, name):
    rows = run.rows()
    imitated = [row for row in rows if row["stage"] == "imitate"]
    asked = [row for row in rows if row["stage"] == "zero" and row["step"] > 0]
    assert len(imitated) == 5 and len(asked) == 3, f"{name}: {len(imitated)} and {len(asked)} steps"
    assert all(row["parity/max_abs_diff"] == 0 for row in asked), name
    sample = run.rows("rollouts/zero/step-1.jsonl")[0]
    assert sample["prompt"].startswith("A conversation between User and Assistant."), sample["prompt"]
    assert sample["prompt"].endswith(". Assistant:"), sample["prompt"]
    assert isinstance(sample["gold"], str), sample["gold"]
    for how in (("--samples", "4"), ("--samples", "1", "--temperature", "0")):
        report = json.loads(hone("eval", run.directory, "--data", path, "--checker", "math", "--problems", "12",
                                 "--max-new-tokens", "8", "--json", *how))
        assert report["problems"] == 12 and 0 <= report["pass_at_1"] <= report["pass_at_k"] <= 1, report
        assert ("sources" in report) == (name == "dapo"), report


def check_held_data(scratch, run, path):
    """The same data in another order is other data."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(reversed(lines)))
    said = refused("run", *run.command[2:])
    assert "stages.zero.data.sha256: the data files have changed" in said, said
    path.write_text("".join(lines))


def check_bad_rows(scratch, config, path):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[2]["answer"] = "no mark"
    rows[30]["question"] = "too long " * 100
    bad = write_lines(scratch / "bad.jsonl", rows)
    said = refused("check", config, f"stages.imitate.data.path={bad}")
    assert f"{bad}:3: " in said and 'holds no "####"' in said, said
    assert f"{bad}:31: row: has " in said and "the policy takes 901" in said, said
    rows[2]["answer"] = "It is 1.\n#### 1"
    write_lines(bad, rows)
    hone("check", config, f"stages.imitate.data.path={bad}", "stages.imitate.data.too_long=drop")


def main():
    rng = random.Random(5)
    with Scratch() as scratch:
        data = {"gsm8k": list(gsm8k_rows(rng)), "math": list(math_rows(rng)), "dapo": list(dapo_rows(rng))}
        files = {name: write_lines(scratch / f"{name}.jsonl", rows) for name, rows in data.items()}
        for name, path in files.items():
            check_golds(data[name])
            worked = path if name != "dapo" else files["gsm8k"]
            config = write_config(scratch, name, worked, path)
            hone("check", config)
            run = Run(scratch / name, overrides=(), config=config).finish()
            check_run(run, path, name)
            print(name, final_hash(run.directory)[:16], flush=True)
            if name != "gsm8k":
                continue
            stopped = Run(scratch / "stopped", overrides=("--until", "imitate"), config=config).finish()
            stopped.command = [word for word in stopped.command if word not in ("--until", "imitate")]
            assert final_hash(stopped.finish().directory) == final_hash(run.directory), "resumed to other weights"
            check_held_data(scratch, run, path)
            check_bad_rows(scratch, config, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
