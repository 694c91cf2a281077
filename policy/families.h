// What the architectures differ in, beyond the numbers in their config.json. Internal to policy/.
#pragma once

#include <string>
#include <string_view>

#include "policy/model_config.h"

namespace hone::policy {

// Where the router's numbers are read from, and what else lies beside the experts.
enum class ExpertStyle {
  kNone,
  kDeepseek,  // n_routed_experts, shared experts, dense layers first
  kPlain,     // num_experts
};

// The values that transformers' class takes for a field that the file leaves out.
struct FamilyDefaults {
  double norm_epsilon = 1e-6;
  bool normalize_weights = false;              // norm_topk_prob
  int64_t groups = 1, group_limit = 1;         // n_group, topk_group
  int64_t dense_layers = 0;                    // first_k_dense_replace
  bool all_kv_heads = false;                   // num_key_value_heads is num_attention_heads
  int64_t head_dim = 0;                        // 0: hidden_size / heads
  int64_t sliding_window = 0;                  // 0: none
  int64_t window_layers = 0;                   // max_window_layers: the layers before it see everything
};

struct Family {
  const char* model_type;
  const char* class_name;  // in transformers
  Attention attention = Attention::kGqa;
  QkNorm qk_norm = QkNorm::kNone;
  ExpertStyle experts = ExpertStyle::kNone;
  bool softmax_router = false;
  bool switched_window = false;      // sliding_window counts only with use_sliding_window
  bool always_qkv_bias = false;      // whatever the file says, and none on the output
  bool optional_qkv_bias = false;    // attention_bias: on q, k, v and the output
  bool optional_mlp_bias = false;    // mlp_bias
  FamilyDefaults defaults;
};

// nullptr: hone does not implement it.
const Family* find_family(std::string_view model_type);
// "deepseek_v3, ..., mistral".
std::string family_names();

}  // namespace hone::policy
