// The shape of a network: what a Hugging Face config.json says, in one struct for every architecture.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "kernels/rope.h"
#include "kernels/router.h"

namespace hone::policy {

enum class Attention { kGqa, kMla };

// Multi-head latent attention in one of two equal-valued forms; a model uses one for sampling and training alike.
enum class MlaForm {
  kExpanded,  // keys and values of all heads are cached
  kAbsorbed,  // the latent is cached; the up-projections move into the query and the output
};

struct ModelConfig {
  std::string architecture;  // Hugging Face model_type: deepseek_v3, dots1, qwen3, qwen3_moe, llama
  int64_t vocab_size = 0, hidden_size = 0, layers = 0;
  int64_t intermediate_size = 0;  // of dense layers
  int64_t max_positions = 0;
  double norm_epsilon = 1e-6;
  bool tie_embeddings = false;
  double init_std = 0.02;
  int32_t bos_id = 1, eos_id = 2, pad_id = 0;

  Attention attention = Attention::kGqa;
  int64_t heads = 0;
  int64_t kv_heads = 0, head_dim = 0;  // GQA
  bool qk_norm = false;                // GQA: per-head normalization of queries and keys before RoPE
  MlaForm mla = MlaForm::kExpanded;
  int64_t q_lora_rank = 0;             // MLA; 0: queries from the hidden state directly
  int64_t kv_lora_rank = 0, qk_nope_head_dim = 0, qk_rope_head_dim = 0, v_head_dim = 0;
  double rope_theta = 10000;
  kernels::RopeLayout rope_layout = kernels::RopeLayout::kHalfSplit;

  int64_t experts = 0;                 // 0: all layers dense
  int64_t moe_intermediate_size = 0, shared_experts = 0;
  int64_t dense_layers = 0;            // the first so many layers have no experts
  bool correction_bias = false;        // DeepSeek-V3's bias that is added for choosing experts only
  kernels::RouterShape router;

  bool has_experts(int64_t layer) const { return experts > 0 && layer >= dense_layers; }
  int64_t query_dim() const { return qk_nope_head_dim + qk_rope_head_dim; }  // MLA, per head
  int64_t rope_dim() const { return attention == Attention::kMla ? qk_rope_head_dim : head_dim; }
};

// RMSNorm of q_a and kv_a uses this whatever rms_norm_eps says (transformers' class default).
inline constexpr double kLatentNormEpsilon = 1e-6;

// The text of config.json, and back. Errors name the file and the field; a field that hone does not implement (another
// activation, rope scaling, biases) is refused, never ignored.
std::string to_config_json(const ModelConfig& config);
Result<ModelConfig> parse_config_json(const std::string& text, const std::string& file);

}  // namespace hone::policy
