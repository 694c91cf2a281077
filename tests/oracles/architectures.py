"""Random shapes of every architecture that hone loads: config.json as transformers writes it and as publishers do."""
import random

from transformers import (DeepseekV2Config, DeepseekV3Config, LlamaConfig, MistralConfig, OlmoeConfig, Qwen2Config,
                          Qwen3Config, Qwen3MoeConfig)

# One checkpoint in so many has the vocabulary of the published ones; the others have odd sizes.
REAL_VOCABULARY = {"qwen2": 151936, "llama": 128256}
REAL_VOCABULARY_EVERY = 8


def default_rope(theta):
    return {"rope_type": "default", "rope_theta": theta}


def yarn(theta, factor, original, mscale=None, mscale_all_dim=None):
    rope = {"rope_type": "yarn", "rope_theta": theta, "factor": factor, "original_max_position_embeddings": original}
    if mscale is not None:
        rope |= {"beta_fast": 32, "beta_slow": 1, "mscale": mscale, "mscale_all_dim": mscale_all_dim}
    return rope


def common(rng, architecture, seed):
    """Sizes that are multiples of nothing; at least 1,024 positions."""
    vocabulary = rng.randrange(301, 1200)
    if seed % REAL_VOCABULARY_EVERY == 1:
        vocabulary = REAL_VOCABULARY.get(architecture, vocabulary)
    return {"vocab_size": vocabulary, "hidden_size": 12 * rng.randrange(5, 15),
            "intermediate_size": rng.randrange(70, 300), "num_hidden_layers": rng.randrange(2, 5),
            "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "bos_token_id": 1, "eos_token_id": 2,
            "tie_word_embeddings": False, "dtype": "float32"}


def grouped_heads(rng, explicit_head_dim=True):
    kv_heads = rng.choice((1, 2, 3))
    # Some classes want heads that divide the hidden size.
    fields = {"num_attention_heads": kv_heads * rng.choice((1, 2, 3) if kv_heads < 3 else (1, 2)),
              "num_key_value_heads": kv_heads}
    return fields | ({"head_dim": 2 * rng.randrange(4, 40)} if explicit_head_dim else {})


def latent_attention(rng, query_rank):
    heads = rng.choice((1, 2, 3, 4, 6))
    return {"num_attention_heads": heads, "num_key_value_heads": heads, "q_lora_rank": query_rank,
            "kv_lora_rank": rng.randrange(17, 70), "qk_nope_head_dim": rng.randrange(7, 40),
            "qk_rope_head_dim": 2 * rng.randrange(3, 17), "v_head_dim": rng.randrange(7, 40)}


def deepseek_experts(rng, layers, groups):
    per_group = rng.randrange(2, 6)
    kept = rng.randrange(1, groups + 1)
    return {"n_routed_experts": groups * per_group, "n_group": groups, "topk_group": kept,
            "num_experts_per_tok": rng.randrange(1, min(6, kept * per_group) + 1),
            "n_shared_experts": rng.randrange(1, 3), "moe_intermediate_size": rng.randrange(30, 90),
            "first_k_dense_replace": rng.randrange(0, layers)}


def deepseek_v3(rng, seed):
    fields = common(rng, "deepseek_v3", seed)
    fields |= latent_attention(rng, rng.randrange(20, 60) if seed % 2 == 0 else None)
    fields |= deepseek_experts(rng, fields["num_hidden_layers"], groups=rng.choice((1, 2, 4)))
    scaled = rng.choice(((40.0, 4096, 1.0, 1.0), (40, 64, 1.0, 1.0), (8.0, 128, 1.0, 0.8)))
    fields |= {"routed_scaling_factor": 2.5, "norm_topk_prob": True, "bos_token_id": 0, "eos_token_id": 1,
               "max_position_embeddings": int(scaled[0] * scaled[1]), "num_nextn_predict_layers": 1,
               "rope_parameters": yarn(10000.0, *scaled) if seed % 3 != 2 else default_rope(10000.0)}
    return DeepseekV3Config(**fields)


def deepseek_v3_fp8(rng, seed):
    # Several blocks of 128 in both directions, the last one cut.
    config = deepseek_v3(rng, 2 * seed)
    config.update({"vocab_size": rng.randrange(301, 1200), "hidden_size": rng.choice((140, 204, 260)),
                   "intermediate_size": rng.randrange(130, 300), "moe_intermediate_size": rng.randrange(129, 160)})
    return config


def moonlight(rng, seed):
    fields = common(rng, "moonlight", seed) | latent_attention(rng, None)
    fields |= deepseek_experts(rng, fields["num_hidden_layers"], groups=1)
    fields |= {"rms_norm_eps": 1e-5, "routed_scaling_factor": 2.446, "norm_topk_prob": True,
               "max_position_embeddings": 8192, "num_nextn_predict_layers": 0, "rope_parameters": default_rope(50000.0)}
    return DeepseekV3Config(**fields)


def kimi_k2(rng, seed):
    fields = common(rng, "kimi_k2", seed) | latent_attention(rng, rng.randrange(20, 60))
    fields |= deepseek_experts(rng, fields["num_hidden_layers"], groups=1)
    fields |= {"first_k_dense_replace": 1, "n_shared_experts": 1, "routed_scaling_factor": 2.827,
               "norm_topk_prob": True, "max_position_embeddings": 131072, "num_nextn_predict_layers": 0,
               "rope_parameters": yarn(50000.0, 32.0, 4096, 1.0, 1.0)}
    return DeepseekV3Config(**fields)


def deepseek_v2(rng, seed):
    """V2-Lite for even seeds; V2's groups for odd ones."""
    grouped = seed % 2 == 1
    fields = common(rng, "deepseek_v2", seed) | latent_attention(rng, rng.randrange(20, 60) if grouped else None)
    fields |= deepseek_experts(rng, fields["num_hidden_layers"], groups=rng.choice((2, 3)) if grouped else 1)
    fields |= {"topk_method": "group_limited_greedy" if grouped else "greedy", "norm_topk_prob": False,
               "routed_scaling_factor": 2.0 if grouped else 1.0, "max_position_embeddings": 163840,
               "rope_parameters": yarn(10000.0, 40.0, 4096, 0.707, 0.707)}
    for name in ("kv_lora_rank", "qk_nope_head_dim"):  # the class rotates pairs that must be aligned
        fields[name] += fields[name] % 2
    return DeepseekV2Config(**fields)


def qwen2(rng, seed):
    heads = grouped_heads(rng, explicit_head_dim=False)
    fields = common(rng, "qwen2", seed) | heads
    fields |= {"hidden_size": heads["num_attention_heads"] * 2 * rng.randrange(5, 20), "use_sliding_window": False,
               "tie_word_embeddings": seed % 2 == 1, "rope_parameters": default_rope(rng.choice((1e4, 1e6)))}
    if seed % 3 == 2:  # as the model cards advise for long texts
        fields |= {"max_position_embeddings": 1024, "rope_parameters": yarn(1e6, 4.0, 256)}
    return Qwen2Config(**fields)


def qwen3(rng, seed):
    fields = common(rng, "qwen3", seed) | grouped_heads(rng)
    return Qwen3Config(**fields | {"tie_word_embeddings": seed % 2 == 1, "rope_parameters": default_rope(1e6)})


def qwen3_moe(rng, seed):
    fields = common(rng, "qwen3_moe", seed) | grouped_heads(rng)
    experts = rng.randrange(2, 12)
    fields |= {"num_experts": experts, "num_experts_per_tok": rng.randrange(1, min(experts, 6) + 1),
               "moe_intermediate_size": rng.randrange(30, 90), "norm_topk_prob": seed % 2 == 0,
               "rope_parameters": default_rope(1e6)}
    if seed % 3 == 1:
        fields |= {"decoder_sparse_step": 2}
    if seed % 3 == 2:
        fields |= {"mlp_only_layers": [0]}
    return Qwen3MoeConfig(**fields)


def llama(rng, seed):
    fields = common(rng, "llama", seed) | grouped_heads(rng)
    fields |= {"rms_norm_eps": 1e-5, "tie_word_embeddings": seed % 2 == 1, "eos_token_id": [2, 5, 7],
               "rope_parameters": default_rope(5e5)}
    if seed % 3 != 2:
        original = rng.choice((64, 8192))
        fields |= {"max_position_embeddings": 16 * original,
                   "rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5, "factor": rng.choice((8.0, 32.0)),
                                       "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                       "original_max_position_embeddings": original}}
    if seed % 2 == 0:
        fields |= {"attention_bias": seed % 4 == 0, "mlp_bias": True}
    return LlamaConfig(**fields)


def olmoe(rng, seed):
    heads = grouped_heads(rng, explicit_head_dim=False)
    experts = rng.randrange(3, 12)
    fields = common(rng, "olmoe", seed) | heads
    fields |= {"hidden_size": heads["num_attention_heads"] * 2 * rng.randrange(5, 20), "rms_norm_eps": 1e-5,
               "intermediate_size": rng.randrange(30, 90), "num_experts": experts,
               "num_experts_per_tok": rng.randrange(1, min(experts, 6) + 1), "norm_topk_prob": seed % 4 == 3,
               "clip_qkv": 1.5 if seed % 2 == 1 else None, "rope_parameters": default_rope(1e4)}
    return OlmoeConfig(**fields)


def mistral(rng, seed):
    fields = common(rng, "mistral", seed) | grouped_heads(rng)
    fields |= {"rms_norm_eps": 1e-5, "sliding_window": None, "rope_parameters": default_rope(1e6)}
    return MistralConfig(**fields)


ARCHITECTURES = {make.__name__: make for make in (deepseek_v3, deepseek_v3_fp8, moonlight, kimi_k2, deepseek_v2, qwen2,
                                                  qwen3, qwen3_moe, llama, olmoe, mistral)}


def random_config(architecture, seed):
    """A transformers config; the same for the same arguments. Consecutive seeds go through the options in turn."""
    return ARCHITECTURES[architecture](random.Random(f"{architecture} {seed}"), seed)


REMOTE_CODE = {"deepseek_v3": "configuration_deepseek.DeepseekV3Config",
               "deepseek_v2": "configuration_deepseek.DeepseekV2Config"}
DEEPSEEK = {"aux_loss_alpha": 0.001, "ep_size": 1, "moe_layer_freq": 1, "seq_aux": True, "pretraining_tp": 1,
            "attention_bias": False}
PUBLISHED = {
    "deepseek_v3": DEEPSEEK | {"scoring_func": "sigmoid", "topk_method": "noaux_tc"},
    "deepseek_v2": DEEPSEEK | {"scoring_func": "softmax"},
    "qwen2": {"max_window_layers": 28, "sliding_window": 32768, "use_sliding_window": False},
    "qwen3": {"max_window_layers": 28, "sliding_window": None, "use_sliding_window": False},
    "qwen3_moe": {"max_window_layers": 48, "sliding_window": None, "use_sliding_window": False,
                  "output_router_logits": False, "router_aux_loss_coef": 0.001},
    "llama": {"pretraining_tp": 1},
}
# Fields that transformers 5 computes and the files of the time do not have.
COMPUTED = ("layer_types", "qk_head_dim", "rope_interleave", "num_mtp_layers")
RENAMED = {"num_local_experts": "num_experts"}


def as_published(saved, architecture):
    """The config.json of transformers 5 in the words of the files that publishers uploaded before it."""
    config = {RENAMED.get(name, name): value for name, value in saved.items() if name not in COMPUTED}
    rope = dict(config.pop("rope_parameters"))
    config["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    # Llama's files say rope_type, DeepSeek's and Qwen's say type.
    config["rope_scaling"] = None if kind == "default" else rope | {"rope_type" if kind == "llama3" else "type": kind}
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.46.3"
    config |= PUBLISHED.get(config["model_type"], {})
    if config["model_type"] in REMOTE_CODE:
        config.pop("head_dim", None)
        config["auto_map"] = {"AutoConfig": REMOTE_CODE[config["model_type"]]}
    if architecture == "kimi_k2":
        config["model_type"] = "kimi_k2"
    return config
