"""A Qwen2 checkpoint in llama.cpp: written as GGUF in bf16 and stepped without sampling."""
import time

import gguf
import llama_cpp as llama
import numpy as np
import torch

from bench_model import load

ONCE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
LAYER = {"input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
         "mlp.gate_proj.weight": "ffn_gate.weight", "mlp.up_proj.weight": "ffn_up.weight",
         "mlp.down_proj.weight": "ffn_down.weight", "self_attn.o_proj.weight": "attn_output.weight"}
LAYER |= {f"self_attn.{p}_proj.{kind}": f"attn_{p}.{kind}" for p in "qkv" for kind in ("weight", "bias")}


def add_tensor(writer, name, tensor):
    if tensor.dim() == 1:
        return writer.add_tensor(name, tensor.float().numpy())
    data = tensor.contiguous().view(torch.int16).numpy().view(np.uint8)
    writer.add_tensor(name, data, raw_dtype=gguf.GGMLQuantizationType.BF16)


def write_gguf(path, checkpoint):
    model = load(checkpoint, torch.bfloat16)
    config, tensors = model.config, model.state_dict()
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("no_vocab")
    for theirs, name in ONCE.items():
        add_tensor(writer, name, tensors[theirs])
    for layer in range(config.num_hidden_layers):
        for theirs, name in LAYER.items():
            add_tensor(writer, f"blk.{layer}.{name}", tensors[f"model.layers.{layer}.{theirs}"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class LlamaCpp:
    """One model, a context per measurement."""

    def __init__(self, checkpoint, threads):
        path = checkpoint / "model-bf16.gguf"
        if not path.exists():
            write_gguf(path, checkpoint)
        self.threads = threads
        self.silent = llama.llama_log_callback(lambda *_: None)
        llama.llama_log_set(self.silent, None)
        llama.llama_backend_init()
        self.model = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"llama.cpp could not load {path}")
        self.vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self.model))
        self.batch = llama.llama_batch_init(4096, 0, 1)

    def step_seconds(self, sequences, prompt_tokens, new_tokens):
        """(median seconds of a step that adds one token to each sequence, seconds of the prompts)"""
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = max(512, sequences * (prompt_tokens + new_tokens + 32))
        parameters.n_batch = 4096
        parameters.n_seq_max = sequences
        parameters.n_threads = parameters.n_threads_batch = self.threads
        context = llama.llama_init_from_model(self.model, parameters)
        rng = np.random.default_rng(0)
        prefill = self.decode(context, rng, sequences, 0, prompt_tokens)
        seconds = sorted(self.decode(context, rng, sequences, prompt_tokens + i, 1) for i in range(new_tokens))
        llama.llama_free(context)
        return seconds[len(seconds) // 2], prefill

    def decode(self, context, rng, sequences, position, tokens):
        batch, at = self.batch, 0
        for sequence in range(sequences):
            for i in range(tokens):
                batch.token[at] = int(rng.integers(3, self.vocabulary))
                batch.pos[at] = position + i
                batch.n_seq_id[at] = 1
                batch.seq_id[at][0] = sequence
                batch.logits[at] = i == tokens - 1
                at += 1
        batch.n_tokens = at
        began = time.perf_counter()
        if llama.llama_decode(context, batch):
            raise SystemExit("llama_decode failed")
        llama.llama_synchronize(context)
        return time.perf_counter() - began
