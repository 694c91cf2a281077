"""A checkpoint of hone opens in transformers and means the same there."""
import json
import random

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from harness import hone

TOLERANCE = 1e-4


def lines(command, checkpoint, rows):
    output = hone(command, checkpoint, stdin="".join(json.dumps(row) + "\n" for row in rows))
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(scope="module")
def model(checkpoint):
    model, info = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32, attn_implementation="eager",
                                                       output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    return model.eval()


@pytest.fixture(scope="module")
def tokenizer(checkpoint):
    return PreTrainedTokenizerFast(tokenizer_file=f"{checkpoint}/tokenizer.json")


def logprobs(model, token_ids, prompt_tokens):
    """What transformers gives for the tokens after the prompt."""
    with torch.no_grad():
        logits = model(torch.tensor([token_ids])).logits[0, :-1].double()
    chosen = torch.tensor(token_ids[1:])
    return logits.log_softmax(-1).gather(-1, chosen[:, None])[prompt_tokens - 1:, 0].tolist()


def largest_difference(a, b):
    assert len(a) == len(b) > 0
    return max(abs(x - y) for x, y in zip(a, b))


def test_logprobs_of_given_tokens(checkpoint, model):
    rng = random.Random(1)
    vocabulary = model.config.vocab_size
    rows = []
    for i, length in enumerate((2, 3, 15, 16, 17, 31, 64, 100, 200)):
        tokens = [rng.randrange(vocabulary) for _ in range(length)]
        rows.append({"id": i, "token_ids": tokens, "prompt_tokens": rng.randrange(1, length)})
    scored = lines("score", checkpoint, rows)
    assert [row["id"] for row in scored] == [row["id"] for row in rows]
    for row, answer in zip(rows, scored):
        expected = logprobs(model, row["token_ids"], row["prompt_tokens"])
        assert largest_difference(answer["logprobs"], expected) < TOLERANCE, f"{len(row['token_ids'])} tokens"
        assert answer["sum"] == pytest.approx(sum(answer["logprobs"]), abs=1e-4)


def test_logprobs_of_own_answers(checkpoint, model, tokenizer):
    bos = tokenizer.convert_tokens_to_ids("<bos>")
    texts = ("63206428=", "00000000=", "91827364=")
    prompts = [[bos, *tokenizer.encode(text, add_special_tokens=False)] for text in texts]
    output = hone("generate", checkpoint, "--n", 4, "--seed", 7, "--max-new-tokens", 24,
                  stdin="".join(json.dumps({"id": i, "token_ids": p}) + "\n" for i, p in enumerate(prompts)))
    answers = [json.loads(line) for line in output.splitlines()]
    assert len(answers) == len(prompts)
    for prompt, answer in zip(prompts, answers):
        assert len(answer["completions"]) == 4
        for completion in answer["completions"]:
            expected = logprobs(model, prompt + completion["token_ids"], len(prompt))
            assert largest_difference(completion["logprobs"], expected) < TOLERANCE


def test_tokenizer_encodes_and_decodes_equally(run, checkpoint, tokenizer):
    texts = ["63206428=", "12+14+06-06+06+08=", "<think>69117131</think><answer>1</answer>", "waitwait0wait",
             "<eos><pad>12", "?,:;=-+", ""]
    for path in sorted((run.directory / "rollouts").rglob("*.jsonl")):
        row = json.loads(path.read_text().splitlines()[0])
        texts += [row["prompt"], row["completion"]]
    encoded = lines("tokenize", checkpoint, [{"text": text} for text in texts])
    for text, answer in zip(texts, encoded):
        assert answer["token_ids"] == tokenizer.encode(text, add_special_tokens=False), text
    decoded = lines("tokenize", checkpoint, [{"token_ids": answer["token_ids"]} for answer in encoded])
    for text, ids, answer in zip(texts, encoded, decoded):
        assert answer["text"] == tokenizer.decode(ids["token_ids"], skip_special_tokens=False) == text
