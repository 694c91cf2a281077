#include "policy/families.h"

namespace hone::policy {
namespace {

constexpr FamilyDefaults kDeepseekV3Defaults{
    .normalize_weights = true, .groups = 8, .group_limit = 4, .dense_layers = 3};

// Facts: the configuration classes of transformers 5.23.
constexpr Family kFamilies[] = {
    {.model_type = "deepseek_v3",
     .class_name = "DeepseekV3ForCausalLM",
     .attention = Attention::kMla,
     .experts = ExpertStyle::kDeepseek,
     .defaults = kDeepseekV3Defaults},
    {.model_type = "kimi_k2",
     .class_name = "DeepseekV3ForCausalLM",
     .attention = Attention::kMla,
     .experts = ExpertStyle::kDeepseek,
     .defaults = kDeepseekV3Defaults},
    {.model_type = "deepseek_v2",
     .class_name = "DeepseekV2ForCausalLM",
     .attention = Attention::kMla,
     .experts = ExpertStyle::kDeepseek,
     .softmax_router = true},
    {.model_type = "dots1",
     .class_name = "Dots1ForCausalLM",
     .qk_norm = QkNorm::kPerHead,
     .experts = ExpertStyle::kDeepseek,
     .optional_qkv_bias = true,
     .defaults = {.sliding_window = 4096, .window_layers = 62}},
    {.model_type = "qwen2",
     .class_name = "Qwen2ForCausalLM",
     .switched_window = true,
     .always_qkv_bias = true,
     .defaults = {.sliding_window = 4096, .window_layers = 28}},
    {.model_type = "qwen3",
     .class_name = "Qwen3ForCausalLM",
     .qk_norm = QkNorm::kPerHead,
     .switched_window = true,
     .optional_qkv_bias = true,
     .defaults = {.head_dim = 128, .sliding_window = 4096, .window_layers = 28}},
    {.model_type = "qwen3_moe",
     .class_name = "Qwen3MoeForCausalLM",
     .qk_norm = QkNorm::kPerHead,
     .experts = ExpertStyle::kPlain,
     .softmax_router = true,
     .switched_window = true,
     .optional_qkv_bias = true,
     .defaults = {.sliding_window = 4096}},
    {.model_type = "llama",
     .class_name = "LlamaForCausalLM",
     .optional_qkv_bias = true,
     .optional_mlp_bias = true,
     .defaults = {.all_kv_heads = true}},
    {.model_type = "olmoe",
     .class_name = "OlmoeForCausalLM",
     .qk_norm = QkNorm::kFullWidth,
     .experts = ExpertStyle::kPlain,
     .softmax_router = true,
     .optional_qkv_bias = true,
     .defaults = {.norm_epsilon = 1e-5, .all_kv_heads = true}},
    {.model_type = "mistral",
     .class_name = "MistralForCausalLM",
     .defaults = {.sliding_window = 4096}},
};

}  // namespace

const Family* find_family(std::string_view model_type) {
  for (const Family& family : kFamilies)
    if (model_type == family.model_type) return &family;
  return nullptr;
}

std::string family_names() {
  std::string out;
  for (const Family& family : kFamilies) out += (out.empty() ? "" : ", ") + std::string(family.model_type);
  return out;
}

}  // namespace hone::policy
