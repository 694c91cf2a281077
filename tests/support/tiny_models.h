// Small model shapes that together use every part of the network.
#pragma once

#include <string>
#include <vector>

#include "policy/model_config.h"

namespace hone::test {

struct NamedModel {
  std::string name;
  policy::ModelConfig config;
};

inline policy::ModelConfig tiny_base() {
  policy::ModelConfig c;
  c.vocab_size = 37;
  c.hidden_size = 24;
  c.layers = 2;
  c.intermediate_size = 40;
  c.max_positions = 96;
  c.init_std = 0.3;
  c.heads = 4;
  return c;
}

inline policy::ModelConfig tiny_mla() {
  policy::ModelConfig c = tiny_base();
  c.architecture = "deepseek_v3";
  c.attention = policy::Attention::kMla;
  c.kv_heads = 4;
  c.kv_lora_rank = 20;
  c.qk_nope_head_dim = 8;
  c.qk_rope_head_dim = 6;
  c.v_head_dim = 10;
  c.rope_layout = kernels::RopeLayout::kInterleaved;
  return c;
}

inline policy::ModelConfig tiny_gqa() {
  policy::ModelConfig c = tiny_base();
  c.architecture = "qwen3";
  c.kv_heads = 2;
  c.head_dim = 12;
  c.qk_norm = policy::QkNorm::kPerHead;
  return c;
}

inline void add_experts(policy::ModelConfig& c) {
  c.experts = 6;
  c.moe_intermediate_size = 18;
  c.shared_experts = 1;
  c.dense_layers = 1;
  c.correction_bias = true;
  c.router = {6, 2, 1, 1, kernels::RouterScore::kSigmoid, true, 1.5};
}

inline policy::ModelConfig tiny_softmax_experts(const std::string& architecture) {
  policy::ModelConfig c = tiny_gqa();
  c.architecture = architecture;
  c.experts = 6;
  c.moe_intermediate_size = 18;
  c.router = {6, 2, 1, 1, kernels::RouterScore::kSoftmax, true, 1};
  return c;
}

inline policy::ModelConfig tiny_llama() {
  policy::ModelConfig c = tiny_gqa();
  c.architecture = "llama";
  c.qk_norm = policy::QkNorm::kNone;
  return c;
}

// The architectures that differ from the older ones in biases, RoPE, normalization or routing.
inline std::vector<NamedModel> tiny_variants() {
  std::vector<NamedModel> out;
  out.push_back({"qwen2", tiny_llama()});
  out.back().config.architecture = "qwen2";
  out.back().config.qkv_bias = true;
  out.push_back({"llama_biases", tiny_llama()});
  out.back().config.qkv_bias = out.back().config.output_bias = out.back().config.mlp_bias = true;
  out.back().config.rope = {policy::RopeType::kLlama3, 8, 32};
  out.push_back({"mistral", tiny_llama()});
  out.back().config.architecture = "mistral";
  out.back().config.rope = {policy::RopeType::kYarn, 4, 24};
  out.push_back({"olmoe", tiny_softmax_experts("olmoe")});
  out.back().config.qk_norm = policy::QkNorm::kFullWidth;
  out.back().config.hidden_size = 48;
  out.back().config.intermediate_size = 18;
  out.back().config.qkv_limit = 0.8;
  out.back().config.router.normalize = false;
  out.push_back({"qwen3_moe_some_dense", tiny_softmax_experts("qwen3_moe")});
  out.back().config.layers = 4;
  out.back().config.expert_step = 2;
  out.back().config.mlp_only_layers = {3};
  out.back().config.qkv_bias = out.back().config.output_bias = true;
  out.push_back({"deepseek_v2", tiny_mla()});
  add_experts(out.back().config);
  out.back().config.architecture = "deepseek_v2";
  out.back().config.correction_bias = false;
  out.back().config.router = {6, 2, 3, 2, kernels::RouterScore::kSoftmax, false, 1.5, 1};
  out.back().config.rope = {policy::RopeType::kYarn, 40, 24, 1, 4, 32, 1, true, 0, 0.707, 0.707};
  return out;
}

inline std::vector<NamedModel> tiny_models() {
  std::vector<NamedModel> out;
  out.push_back({"mla_dense", tiny_mla()});
  out.push_back({"mla_moe", tiny_mla()});
  add_experts(out.back().config);
  out.push_back({"mla_moe_absorbed", out.back().config});
  out.back().config.mla = policy::MlaForm::kAbsorbed;
  out.push_back({"mla_q_lora_absorbed", tiny_mla()});
  out.back().config.q_lora_rank = 14;
  out.back().config.mla = policy::MlaForm::kAbsorbed;
  out.push_back({"mla_q_lora_groups", tiny_mla()});
  add_experts(out.back().config);
  out.back().config.q_lora_rank = 14;
  out.back().config.router.groups = 3;
  out.back().config.router.group_limit = 2;
  out.push_back({"gqa_dense", tiny_gqa()});
  out.push_back({"gqa_softmax_moe", tiny_softmax_experts("qwen3_moe")});
  out.push_back({"llama_tied", tiny_llama()});
  out.back().config.tie_embeddings = true;
  for (NamedModel& model : tiny_variants()) out.push_back(std::move(model));
  return out;
}

}  // namespace hone::test
