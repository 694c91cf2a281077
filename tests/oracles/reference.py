"""What transformers gives for a checkpoint: log-probabilities, how far they are from a tie, greedy continuations."""
import contextlib
import functools
import json

import torch
from torch.nn.functional import linear
from transformers import AutoConfig, AutoModelForCausalLM

CLOSE = 1e-4  # margins below this are decided by rounding


def load(directory, dtype, attention="eager", model_type=None, ignored="no such tensor"):
    """model_type replaces that of the file; tensors whose names begin with `ignored` may be there and unread."""
    config = json.loads((directory / "config.json").read_text())
    config = AutoConfig.for_model(**config | {"model_type": model_type or config["model_type"]})
    model, info = AutoModelForCausalLM.from_pretrained(directory, config=config, dtype=dtype,
                                                       attn_implementation=attention, experts_implementation="eager",
                                                       output_loading_info=True)
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    assert all(name.startswith(ignored) for name in info["unexpected_keys"]), info
    return model.eval()


@torch.no_grad()
def logprobs(model, token_ids):
    """[n - 1]: of each token after the first, as doubles of the model's own logits."""
    logits = model(torch.tensor([token_ids])).logits[0, :-1].double()
    chosen = torch.tensor(token_ids[1:])
    return logits.log_softmax(-1).gather(-1, chosen[:, None])[:, 0]


def load_double(directory):
    """float64 throughout, where the classes would fall back to float32."""
    model = load(directory, torch.float64, attention="sdpa")
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = functools.partial(rms_norm, module)
    return model


def rms_norm(module, x):
    return module.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + module.variance_epsilon))


def choice_scores(router, x, config):
    """What the router compares: [tokens, experts], and the groups' scores or None."""
    logits = linear(x, router.weight)
    groups = getattr(router, "num_group", None) or 1
    if hasattr(router, "e_score_correction_bias"):
        scores = logits.sigmoid() + router.e_score_correction_bias
        return scores, scores.view(len(scores), groups, -1).topk(2, -1).values.sum(-1)
    scores = logits.softmax(-1)
    limited = getattr(config, "topk_method", None) == "group_limited_greedy"
    return scores, scores.view(len(scores), groups, -1).max(-1).values if limited else None


def gap_after(scores, kept):
    """Between the last one kept and the first one left, per row; infinite when all are kept."""
    if kept >= scores.shape[-1]:
        return torch.full(scores.shape[:1], torch.inf, dtype=scores.dtype)
    best = scores.topk(kept + 1, -1).values
    return best[:, kept - 1] - best[:, kept]


def router_margin(router, x, config):
    scores, group_scores = choice_scores(router, x, config)
    if group_scores is None or group_scores.shape[-1] == 1:
        return gap_after(scores, config.num_experts_per_tok)
    kept = torch.zeros_like(group_scores, dtype=torch.bool)
    kept.scatter_(1, group_scores.topk(config.topk_group, -1).indices, True)
    inside = scores.masked_fill(~kept.repeat_interleave(scores.shape[-1] // kept.shape[-1], -1), -torch.inf)
    return torch.minimum(gap_after(group_scores, config.topk_group), gap_after(inside, config.num_experts_per_tok))


@contextlib.contextmanager
def watched_routers(model, margins):
    """Appends the margins [tokens] of every router that runs."""
    def watch(router, inputs):
        margins.append(router_margin(router, inputs[0].reshape(-1, inputs[0].shape[-1]), model.config))

    routers = [module for module in model.modules() if type(module).__name__.endswith("Router")]
    hooks = [router.register_forward_pre_hook(watch) for router in routers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def margins(double_model, token_ids):
    """(router margin, gap of the two likeliest tokens) [n] of every position, in float64."""
    routers = []
    with watched_routers(double_model, routers):
        logits = double_model(torch.tensor([token_ids])).logits[0]
    best = logits.topk(2, -1).values
    router = torch.stack(routers).min(0).values if routers else torch.full((len(token_ids),), torch.inf).double()
    return router, best[:, 0] - best[:, 1]


def decided(double_model, token_ids):
    """[n] bool: positions where neither a router nor the choice of the token is a tie within rounding."""
    router, top = margins(double_model, token_ids)
    return (router >= CLOSE) & (top >= CLOSE)


@torch.no_grad()
def greedy(model, prompt, tokens):
    ids = torch.tensor([prompt])
    out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=tokens,
                         min_new_tokens=tokens, eos_token_id=None, pad_token_id=0)
    return out[0, len(prompt):].tolist()
