// The shape of a network: what a Hugging Face config.json says, in one struct for every architecture.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

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

// Normalization of queries and keys before RoPE (GQA).
enum class QkNorm {
  kNone,
  kPerHead,    // one weight [head_dim] for all heads
  kFullWidth,  // over all heads at once
};

enum class RopeType { kPlain, kLinear, kLlama3, kYarn };

// How frequencies are stretched for long contexts (policy/rope_table.h).
struct RopeScaling {
  RopeType type = RopeType::kPlain;
  double factor = 1;
  int64_t original_positions = 0;                    // llama3, YaRN
  double low_freq_factor = 1, high_freq_factor = 4;  // llama3
  double beta_fast = 32, beta_slow = 1;              // YaRN from here on
  bool truncate = true;
  double attention_factor = 0;                       // of cosines and sines; 0: from mscale or factor
  double mscale = 0, mscale_all_dim = 0;             // 0: not given
};

// What the checkpoint's tensors are stored in.
enum class StoredType { kF32, kBf16, kF16 };

struct ModelConfig {
  std::string architecture;  // Hugging Face model_type
  int64_t vocab_size = 0, hidden_size = 0, layers = 0;
  int64_t intermediate_size = 0;  // of dense layers
  int64_t max_positions = 0;
  double norm_epsilon = 1e-6;
  bool tie_embeddings = false;
  double init_std = 0.02;
  int32_t bos_id = 1, pad_id = 0;    // -1: none
  std::vector<int32_t> eos_ids{2};   // generation ends with any of them; may be empty

  Attention attention = Attention::kGqa;
  int64_t heads = 0;
  int64_t kv_heads = 0, head_dim = 0;  // GQA
  QkNorm qk_norm = QkNorm::kNone;      // GQA
  double qkv_limit = 0;                // GQA: normalized queries and keys, and values are cut at +-limit; 0: not
  bool qkv_bias = false, output_bias = false;  // GQA
  bool mlp_bias = false;                       // of dense layers
  MlaForm mla = MlaForm::kExpanded;
  int64_t q_lora_rank = 0;             // MLA; 0: queries from the hidden state directly
  int64_t kv_lora_rank = 0, qk_nope_head_dim = 0, qk_rope_head_dim = 0, v_head_dim = 0;
  double rope_theta = 10000;
  RopeScaling rope;
  kernels::RopeLayout rope_layout = kernels::RopeLayout::kHalfSplit;

  int64_t experts = 0;                 // 0: all layers dense
  int64_t moe_intermediate_size = 0, shared_experts = 0;
  int64_t dense_layers = 0;            // the first so many layers have no experts,
  int64_t expert_step = 1;             // after them, layers step - 1, 2 step - 1, ... have,
  std::vector<int64_t> mlp_only_layers;  // except these
  bool correction_bias = false;        // DeepSeek-V3's bias that is added for choosing experts only
  kernels::RouterShape router;

  StoredType stored_type = StoredType::kF32;
  int64_t fp8_block_rows = 0, fp8_block_cols = 0;  // of one scale of the file's FP8 weights; 0: they are not FP8
  int64_t mtp_layers = 0;                          // layers for multi-token prediction after the last; not run
  std::shared_ptr<const nlohmann::json> source;    // the config.json that was read; nullptr: made from scratch

  bool has_experts(int64_t layer) const;
  bool has_dense_layers() const;
  int64_t query_dim() const { return qk_nope_head_dim + qk_rope_head_dim; }  // MLA, per head
  int64_t rope_dim() const { return attention == Attention::kMla ? qk_rope_head_dim : head_dim; }
};

// RMSNorm of q_a and kv_a uses this whatever rms_norm_eps says (transformers' class default).
inline constexpr double kLatentNormEpsilon = 1e-6;

// Error kInvalid with file and field for what is missing, of another type or out of range, and for what would change
// the network's function and is not implemented (another activation, RoPE type, a sliding window). Other fields are
// kept in `source`.
Result<ModelConfig> parse_config_json(const std::string& text, const std::string& file);

// The file that was read, with stored_type as its dtype and without quantization_config (weights in memory are not
// quantized); no other field of a network that was read may change. Without a file, a new one.
std::string to_config_json(const ModelConfig& config);

// generation_config.json: its eos_token_id, a number or a list, takes the place of the model's.
Result<void> merge_generation_config(const std::string& text, const std::string& file, ModelConfig& config);

}  // namespace hone::policy
