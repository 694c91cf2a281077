"""Small checkpoints with random weights of realistic scales, as Hugging Face directories."""
import collections
import dataclasses
import json
import math
import pathlib

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM

from architectures import as_published, random_config

LOGIT_SPREAD = 2.5  # standard deviation of the logits, in nats
BLOCK = 128         # of DeepSeek's FP8 weights, both ways
FP8_LARGEST = 448.0
# What DeepSeek's FP8 files keep in bf16.
NOT_QUANTISED = ("embed_tokens.weight", "lm_head.weight", "mlp.gate.weight", "eh_proj.weight",
                 "shared_head.head.weight")


@dataclasses.dataclass
class Checkpoint:
    """One network twice: `path` as its publisher would write it, `plain` as transformers does and reads it."""
    architecture: str
    seed: int
    path: pathlib.Path
    plain: pathlib.Path
    dtype: str
    vocabulary: int
    layers: int


def scale_of(name, tensor, tied):
    """Standard deviation of a weight: what enters with variance 1 leaves with about 1."""
    fan_in = tensor.shape[-1]
    if "embed_tokens" in name:
        return LOGIT_SPREAD / math.sqrt(fan_in) if tied else 1.0
    if "lm_head" in name:
        return LOGIT_SPREAD / math.sqrt(fan_in)
    if name.endswith(("o_proj.weight", "down_proj", "down_proj.weight")):
        return 0.7 / math.sqrt(fan_in)  # what is added to the residual
    return 1.2 / math.sqrt(fan_in)


@torch.no_grad()
def fill(model, generator):
    def noise(tensor, deviation):
        return torch.randn(tensor.shape, generator=generator, dtype=torch.float32) * deviation

    tied = model.config.tie_word_embeddings
    for name, tensor in model.named_parameters():
        if name.endswith("bias"):
            tensor.copy_(noise(tensor, 0.3))
        elif tensor.dim() == 1:
            tensor.copy_(1 + noise(tensor, 0.15))
        else:
            tensor.copy_(noise(tensor, scale_of(name, tensor, tied)))
    for name, tensor in model.named_buffers():
        if name.endswith("e_score_correction_bias"):
            tensor.copy_(noise(tensor, 0.1))


def by_blocks(tensor, function):
    """function over [128, 128] blocks; rows of its results."""
    return [[function(tensor[i:i + BLOCK, j:j + BLOCK]) for j in range(0, tensor.shape[1], BLOCK)]
            for i in range(0, tensor.shape[0], BLOCK)]


def quantise(tensor):
    """(e4m3 codes, weight_scale_inv): the value is their product, block by block."""
    tensor = tensor.float()
    scales = torch.stack([torch.stack(row) for row in by_blocks(tensor, lambda b: b.abs().max() / FP8_LARGEST)])
    codes = tensor / spread(scales, tensor.shape)
    return codes.to(torch.float8_e4m3fn), scales


def spread(scales, shape):
    return scales.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)[:shape[0], :shape[1]]


def is_quantised(name, tensor):
    return tensor.dim() == 2 and name.endswith(".weight") and not name.endswith(NOT_QUANTISED)


def quantised(tensors):
    """Tensors as in DeepSeek-V3's files."""
    stored = {}
    for name, tensor in tensors.items():
        if is_quantised(name, tensor):
            stored[name], stored[f"{name}_scale_inv"] = quantise(tensor)
        else:
            stored[name] = tensor
    return stored


def dequantised(stored, dtype):
    """What the tensors of a file stand for, in dtype where they are FP8."""
    out = {}
    for name, tensor in stored.items():
        scales = stored.get(f"{name}_scale_inv")
        if not name.endswith("_scale_inv"):
            out[name] = tensor if scales is None else (tensor.float() * spread(scales, tensor.shape)).to(dtype)
    return out


FP8_CONFIG = {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [BLOCK, BLOCK]}


def prediction_tensors(tensors, config, generator):
    """The multi-token prediction layer of DeepSeek-V3's files, after the last layer; transformers does not read it."""
    last, layer = f"model.layers.{config.num_hidden_layers - 1}.", f"model.layers.{config.num_hidden_layers}."
    width = config.hidden_size

    def random_like(*shape):
        return torch.randn(shape, generator=generator) * 0.02

    block = {layer + name.removeprefix(last): random_like(*tensor.shape) for name, tensor in tensors.items()
             if name.startswith(last)}
    head = {"enorm.weight": random_like(width), "hnorm.weight": random_like(width),
            "eh_proj.weight": random_like(width, 2 * width), "shared_head.norm.weight": random_like(width),
            "embed_tokens.weight": tensors["model.embed_tokens.weight"].clone(),
            "shared_head.head.weight": tensors["lm_head.weight"].clone()}
    return block | {layer + name: tensor for name, tensor in head.items()}


def stored_as(name, tensor, dtype):
    return tensor.to(torch.float32 if name.endswith("e_score_correction_bias") else dtype).contiguous()


def write_tensors(directory, tensors, shards):
    """One file, or `shards` of them with an index; names go round so that a layer lies in several."""
    if shards == 1:
        return save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    files = collections.defaultdict(dict)
    for i, (name, tensor) in enumerate(tensors.items()):
        files[f"model-{i % shards + 1:05}-of-{shards:05}.safetensors"][name] = tensor
    for file, part in files.items():
        save_file(part, directory / file, metadata={"format": "pt"})
    index = {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())},
             "weight_map": {name: file for file, part in files.items() for name in part}}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))


def random_weights(config, seed, directory):
    """A model of the config saved by transformers, and its tensors under the names of the file."""
    generator = torch.Generator().manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    fill(model, generator)
    model.save_pretrained(directory)
    return load_file(directory / "model.safetensors"), generator


def make_checkpoint(directory, architecture, seed, dtype=None):
    """Number of files, the style of config.json and, where it is not given, dtype follow from the seed."""
    directory = pathlib.Path(directory)
    is_fp8, has_prediction = architecture == "deepseek_v3_fp8", architecture.startswith("deepseek_v3")
    dtype = dtype or ("bfloat16" if is_fp8 or seed % 2 else "float32")
    config = random_config(architecture, seed)
    made = Checkpoint(architecture, seed, directory / "model", directory / "plain", dtype, config.vocab_size,
                      config.num_hidden_layers)
    made.path.mkdir(parents=True)
    tensors, generator = random_weights(config, seed, made.plain)
    stored = tensors | prediction_tensors(tensors, config, generator) if has_prediction else tensors
    stored = {name: stored_as(name, t, getattr(torch, dtype)) for name, t in stored.items()}
    if is_fp8:
        stored = quantised(stored)
    write_tensors(made.path, stored, shards=1 if seed % 3 == 0 else 2 + seed % 4)
    meant = {name: t.float() for name, t in dequantised(stored, torch.float32).items() if name in tensors}
    save_file(meant, made.plain / "model.safetensors", metadata={"format": "pt"})

    saved = json.loads((made.plain / "config.json").read_text()) | {"dtype": dtype}
    if is_fp8:
        saved["quantization_config"] = FP8_CONFIG
    published = seed % 2 == 1 or architecture in ("kimi_k2", "deepseek_v3_fp8")
    written = as_published(saved, architecture) if published else saved
    (made.path / "config.json").write_text(json.dumps(written, indent=2))
    return made


def write_tokenizer(directory):
    """Bytes, as in the vocabularies of GPT-2 and Qwen before their merges; fits the smallest vocabulary drawn."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {text: i for i, text in enumerate(("<|begin|>", "<|end|>", "<|pad|>", *letters))}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|begin|>", "<|end|>", "<|pad|>"])
    tokenizer.save(str(directory / "tokenizer.json"))
