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
  c.qk_norm = true;
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
  out.push_back({"gqa_softmax_moe", tiny_gqa()});
  out.back().config.architecture = "qwen3_moe";
  add_experts(out.back().config);
  out.back().config.shared_experts = 0;
  out.back().config.dense_layers = 0;
  out.back().config.correction_bias = false;
  out.back().config.router.score = kernels::RouterScore::kSoftmax;
  out.back().config.router.scaling = 1;
  out.push_back({"llama_tied", tiny_gqa()});
  out.back().config.architecture = "llama";
  out.back().config.qk_norm = false;
  out.back().config.tie_embeddings = true;
  return out;
}

}  // namespace hone::test
