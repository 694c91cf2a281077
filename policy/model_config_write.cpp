// config.json of Hugging Face model directories, written.
#include <algorithm>

#include "base/check.h"
#include "base/json.h"
#include "policy/families.h"
#include "policy/model_config_rope.h"

namespace hone::policy {
namespace {

using Json = nlohmann::json;

void write_deepseek_experts(const ModelConfig& c, const Family& family, Json& out) {
  // Without experts the class still has the fields; dense layers everywhere switch them off.
  const bool some = c.experts > 0;
  out["n_shared_experts"] = some ? c.shared_experts : 1;
  out["first_k_dense_replace"] = some ? c.dense_layers : c.layers;
  out["n_group"] = some ? c.router.groups : 1;
  out["topk_group"] = some ? c.router.group_limit : 1;
  out["routed_scaling_factor"] = c.router.scaling;
  out["scoring_func"] = family.softmax_router ? "softmax" : "sigmoid";
  out["topk_method"] = !family.softmax_router ? "noaux_tc" : c.router.groups > 1 ? "group_limited_greedy" : "greedy";
}

void write_experts(const ModelConfig& c, const Family& family, Json& out) {
  const bool deepseek = family.experts == ExpertStyle::kDeepseek, some = c.experts > 0;
  if (family.experts == ExpertStyle::kNone || (!deepseek && !some)) return;
  out[deepseek ? "n_routed_experts" : "num_experts"] = some ? c.experts : 1;
  out["num_experts_per_tok"] = some ? c.router.top_k : 1;
  out["norm_topk_prob"] = c.router.normalize && (some || !family.softmax_router);
  if (family.qk_norm == QkNorm::kFullWidth) return;
  out["moe_intermediate_size"] = some ? c.moe_intermediate_size : c.intermediate_size;
  if (deepseek) return write_deepseek_experts(c, family, out);
  out["decoder_sparse_step"] = c.expert_step;
  out["mlp_only_layers"] = c.mlp_only_layers;
}

void write_attention(const ModelConfig& c, const Family& family, Json& out) {
  out["num_attention_heads"] = c.heads;
  out["num_key_value_heads"] = c.kv_heads;
  out["attention_dropout"] = 0.0;
  out["hidden_act"] = "silu";
  if (!family.always_qkv_bias) out["attention_bias"] = c.output_bias;
  if (family.optional_mlp_bias) out["mlp_bias"] = c.mlp_bias;
  if (family.switched_window) out["use_sliding_window"] = false;
  if (family.defaults.sliding_window > 0) out["sliding_window"] = nullptr;
  if (family.qk_norm == QkNorm::kFullWidth) out["clip_qkv"] = c.qkv_limit > 0 ? Json(c.qkv_limit) : Json(nullptr);
  if (c.attention == Attention::kGqa) {
    out["head_dim"] = c.head_dim;
    return;
  }
  out["q_lora_rank"] = c.q_lora_rank > 0 ? Json(c.q_lora_rank) : Json(nullptr);
  out["kv_lora_rank"] = c.kv_lora_rank;
  out["qk_nope_head_dim"] = c.qk_nope_head_dim;
  out["qk_rope_head_dim"] = c.qk_rope_head_dim;
  out["qk_head_dim"] = c.query_dim();
  out["v_head_dim"] = c.v_head_dim;
  if (!family.softmax_router) out["rope_interleave"] = c.rope_layout == kernels::RopeLayout::kInterleaved;
}

const char* type_name(StoredType type) {
  return type == StoredType::kBf16 ? "bfloat16" : type == StoredType::kF16 ? "float16" : "float32";
}

Json token_or_null(int32_t id) { return id >= 0 ? Json(id) : Json(nullptr); }

Json new_file(const ModelConfig& c) {
  const Family* family = find_family(c.architecture);
  HONE_CHECK(family != nullptr, c.architecture);
  Json out = {{"architectures", {family->class_name}},
              {"model_type", c.architecture},
              {"vocab_size", c.vocab_size},
              {"hidden_size", c.hidden_size},
              {"intermediate_size", c.intermediate_size},
              {"num_hidden_layers", c.layers},
              {"max_position_embeddings", c.max_positions},
              {"rms_norm_eps", c.norm_epsilon},
              {"tie_word_embeddings", c.tie_embeddings},
              {"initializer_range", c.init_std},
              {"dtype", type_name(c.stored_type)},
              {"use_cache", true}};
  out["bos_token_id"] = token_or_null(c.bos_id);
  out["pad_token_id"] = token_or_null(c.pad_id);
  out["eos_token_id"] = c.eos_ids.size() == 1 ? Json(c.eos_ids[0]) : Json(c.eos_ids);
  if (c.eos_ids.empty()) out["eos_token_id"] = nullptr;
  write_attention(c, *family, out);
  write_rope(c, out);
  write_experts(c, *family, out);
  return out;
}

// transformers 4 calls dtype torch_dtype.
Json changed_file(const ModelConfig& c) {
  Json out = *c.source;
  out.erase("quantization_config");
  const char* name = out.contains("torch_dtype") && !out.contains("dtype") ? "torch_dtype" : "dtype";
  out[name] = type_name(c.stored_type);
  return out;
}

}  // namespace

bool ModelConfig::has_experts(int64_t layer) const {
  return experts > 0 && layer >= dense_layers && (layer + 1) % expert_step == 0 &&
         std::find(mlp_only_layers.begin(), mlp_only_layers.end(), layer) == mlp_only_layers.end();
}

bool ModelConfig::has_dense_layers() const {
  for (int64_t l = 0; l < layers; ++l)
    if (!has_experts(l)) return true;
  return false;
}

std::string to_config_json(const ModelConfig& c) { return (c.source ? changed_file(c) : new_file(c)).dump(2) + "\n"; }

}  // namespace hone::policy
