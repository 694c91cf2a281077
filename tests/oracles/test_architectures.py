"""hone reads, runs and writes every architecture as transformers does. HONE_ORACLE_SEEDS draws other shapes."""
import json
import math
import os
import random
import shutil

import pytest
import torch
from safetensors.torch import load_file

import reference
from architectures import ARCHITECTURES
from checkpoints import dequantised, make_checkpoint, write_tokenizer
from harness import Run, hone

SEEDS = tuple(int(seed) for seed in os.environ.get("HONE_ORACLE_SEEDS", "0,1,2").split(","))
INPUT_TOKENS = 300
NEW_TOKENS = 64
F32_TOLERANCE = 2e-4
LEFT_OUT_SHARE = 0.01


@pytest.fixture(scope="module", params=[f"{name}-{seed}" for name in ARCHITECTURES for seed in SEEDS])
def checkpoint(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param)
    architecture, seed = request.param.rsplit("-", 1)
    yield make_checkpoint(directory, architecture, int(seed))
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def inputs(checkpoint):
    rng = random.Random(f"inputs {checkpoint.architecture} {checkpoint.seed}")
    return [[rng.randrange(checkpoint.vocabulary) for _ in range(length)] for length in (INPUT_TOKENS, 17, 2)]


@pytest.fixture(scope="module")
def f32(checkpoint):
    return reference.load(checkpoint.plain, torch.float32)


@pytest.fixture(scope="module")
def f64(checkpoint):
    return reference.load_double(checkpoint.plain)


def run_lines(command, checkpoint, rows, *options):
    output = hone(command, checkpoint.path, *options, stdin="".join(json.dumps(row) + "\n" for row in rows))
    return [json.loads(line) for line in output.splitlines()]


def score(checkpoint, sequences, dtype, prompt_tokens=1):
    rows = [{"token_ids": tokens, "prompt_tokens": prompt_tokens} for tokens in sequences]
    return [torch.tensor(answer["logprobs"], dtype=torch.float64)
            for answer in run_lines("score", checkpoint, rows, "--dtype", dtype)]


def generate(checkpoint, prompts, dtype, *options):
    rows = [{"token_ids": prompt} for prompt in prompts]
    answers = run_lines("generate", checkpoint, rows, "--dtype", dtype, "--max-new-tokens", NEW_TOKENS, "--ignore-eos",
                        *options)
    return [answer["completions"] for answer in answers]


@pytest.fixture(scope="session")
def left_out_share():
    """[left out, positions], over all checkpoints: one input of 300 tokens alone may hold five ties."""
    counts = [0, 0]
    yield counts
    assert counts[0] <= LEFT_OUT_SHARE * counts[1], f"{counts[0]} of {counts[1]} positions are ties within rounding"


def test_logprobs_in_f32(checkpoint, inputs, f32, f64, left_out_share):
    for tokens, found in zip(inputs, score(checkpoint, inputs, "f32")):
        keep = reference.decided(f64, tokens)[:-1]
        left_out_share[0] += int((~keep).sum())
        left_out_share[1] += len(keep)
        assert found.shape == keep.shape
        difference = (found - reference.logprobs(f32, tokens)).abs()[keep]
        assert difference.max() <= F32_TOLERANCE, f"{len(tokens)} tokens, mean difference {difference.mean():.2e}"


def continuation(f32, f64, prompt):
    """(greedy tokens, how many come before the first tie)."""
    tokens = reference.greedy(f32, prompt, NEW_TOKENS)
    ties = reference.decided(f64, prompt + tokens)[len(prompt) - 1:-1].logical_not().nonzero()
    return tokens, int(ties[0]) if len(ties) else NEW_TOKENS


def test_greedy_continuations_in_f32(checkpoint, inputs, f32, f64):
    """Two prompts; one whose continuation meets a tie in its first half says too little, and the next is tried."""
    candidates = [inputs[0][start:start + 40] for start in range(0, INPUT_TOKENS - 40, 20)]
    expected = []
    for prompt in candidates:
        tokens, decided = continuation(f32, f64, prompt)
        if decided >= NEW_TOKENS / 2:
            expected.append((prompt, tokens, decided))
        if len(expected) == 2:
            break
    assert len(expected) == 2, f"{len(candidates)} prompts, and ties decide all but {len(expected)}"
    answers = generate(checkpoint, [prompt for prompt, _, _ in expected], "f32", "--temperature", 0)
    for (_, tokens, decided), (answer,) in zip(expected, answers):
        assert answer["token_ids"][:decided] == tokens[:decided]


def test_logprobs_in_bf16(checkpoint, inputs, record_property):
    """hone in bf16 is no further from f32 (of the same rounded weights) than transformers in bf16 is.

    Medians: an expert that rounding exchanges moves a few positions by nats, on either side. Where hone is the nearer
    one, the distance between the two is about that of transformers alone: sqrt(theirs^2 + own^2).
    """
    tokens = inputs[0]
    bf16 = reference.load(checkpoint.plain, torch.bfloat16)
    expected = reference.logprobs(bf16, tokens)
    exact = reference.logprobs(bf16.float(), tokens)
    found = score(checkpoint, [tokens], "bf16")[0]
    own, theirs, both = (found - exact).abs(), (expected - exact).abs(), (found - expected).abs()
    for name, values in (("hone to f32", own), ("transformers to f32", theirs), ("hone to transformers", both)):
        record_property(name, f"mean {values.mean():.4f} median {values.median():.4f} max {values.max():.4f}")
    assert own.median() <= theirs.median()
    assert both.median() <= math.sqrt(2) * theirs.median()


@pytest.mark.parametrize("dtype", ("f32", "bf16"))
def test_sampled_logprobs_are_scored_equally(checkpoint, inputs, dtype):
    prompts = [inputs[0][:33], inputs[1], inputs[2]]
    for prompt, answers in zip(prompts, generate(checkpoint, prompts, dtype, "--n", 3, "--seed", 5)):
        for answer in answers:
            scored, = score(checkpoint, [prompt + answer["token_ids"]], dtype, prompt_tokens=len(prompt))
            assert scored.tolist() == answer["logprobs"]


# One update that is too small to change a weight.
STILL_RUN = """\
policy: {{path: {path}}}
stages:
  - name: still
    kind: grpo
    steps: 1
    data: {{task: running_sum}}
    rewards: [{{checker: format, weight: 1.0}}]
    prompts_per_step: 1
    group_size: 2
    max_new_tokens: 4
    learning_rate: 1e-30
    warmup_steps: 0
    eval: {{problems: 1}}
"""


def read_tensors(directory):
    return {name: t for file in sorted(directory.glob("model*.safetensors")) for name, t in load_file(file).items()}


@pytest.fixture(scope="module")
def written(checkpoint):
    """What a run that starts from the checkpoint writes."""
    write_tokenizer(checkpoint.path)
    config = checkpoint.path.with_name("still.yaml")
    config.write_text(STILL_RUN.format(path=checkpoint.path))
    run = Run(checkpoint.path.with_name("run"), overrides=(), config=config).finish()
    return sorted((run.directory / "checkpoints").glob("still-*"))[-1]


def test_written_tensors_are_those_that_were_read(checkpoint, written):
    expected = dequantised(read_tensors(checkpoint.path), torch.bfloat16)
    found = {name: tensor for name, tensor in read_tensors(written).items() if name in expected}
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor), name


def test_written_config_is_the_one_that_was_read(checkpoint, written):
    expected, found = (json.loads((path / "config.json").read_text()) for path in (checkpoint.path, written))
    expected.pop("quantization_config", None)
    assert found == expected


def test_written_directory_opens_in_transformers(checkpoint, written, inputs, f32):
    # FP8 is written in bf16.
    read = reference.load(checkpoint.plain, getattr(torch, checkpoint.dtype)).float()
    model = reference.load(written, torch.float32, model_type=f32.config.model_type,
                           ignored=f"model.layers.{checkpoint.layers}.")
    assert torch.equal(reference.logprobs(model, inputs[0]), reference.logprobs(read, inputs[0]))


def test_written_directory_scores_equally(checkpoint, written, inputs):
    rows = [{"token_ids": inputs[0], "prompt_tokens": 1}]
    found, expected = (hone("score", path, stdin=json.dumps(rows[0])) for path in (written, checkpoint.path))
    assert found == expected
