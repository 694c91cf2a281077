#include <cmath>

#include "trainer/model_directory.h"
#include "trainer/run_config_checks.h"
#include "trainer/run_config_names.h"

namespace hone::trainer {
namespace {

struct ArchitectureRule {
  Architecture architecture;
  Attention attention;
  bool may_be_dense, may_have_experts;
  Scoring scoring;             // of its experts
  bool has_shared_and_groups;  // shared experts, routing by groups
};

// What the classes of transformers can express.
constexpr ArchitectureRule kRules[] = {
    {Architecture::kDeepseekV3, Attention::kMla, true, true, Scoring::kSigmoid, true},
    {Architecture::kDots1, Attention::kGqa, false, true, Scoring::kSigmoid, true},
    {Architecture::kQwen3Moe, Attention::kGqa, false, true, Scoring::kSoftmax, false},
    {Architecture::kQwen3, Attention::kGqa, true, false, Scoring::kSigmoid, false},
    {Architecture::kLlama, Attention::kGqa, true, false, Scoring::kSigmoid, false},
};

const ArchitectureRule& rule_of(Architecture architecture) {
  for (const ArchitectureRule& rule : kRules) {
    if (rule.architecture == architecture) return rule;
  }
  return kRules[0];
}

Architecture derived_architecture(const PolicySection& policy) {
  if (policy.attention == Attention::kMla) return Architecture::kDeepseekV3;
  if (policy.experts == 0) return Architecture::kQwen3;
  return policy.scoring == Scoring::kSigmoid ? Architecture::kDots1 : Architecture::kQwen3Moe;
}

void derive_if_zero(int64_t& value, int64_t derived) {
  if (value == 0) value = derived;
}

}  // namespace

void ConfigChecks::resolve_policy() {
  PolicySection& policy = config_.policy;
  if (!policy.path.empty()) return resolve_dtype();
  if (policy.dtype == Dtype::kAuto) policy.dtype = Dtype::kF32;
  derive_if_zero(policy.intermediate_size, 2 * policy.hidden_size);
  derive_if_zero(policy.moe_intermediate_size, policy.hidden_size);
  derive_if_zero(policy.kv_heads, policy.heads);
  if (policy.init_std == 0) policy.init_std = 0.7 / std::sqrt(static_cast<double>(policy.hidden_size));
  check_attention();
  if (policy.experts > 0) check_experts();
  resolve_architecture();
}

// A directory that cannot be read is reported when it is opened.
void ConfigChecks::resolve_dtype() {
  PolicySection& policy = config_.policy;
  if (policy.dtype != Dtype::kAuto || binding_.failed("policy.path")) return;
  const Result<policy::ModelConfig> config = read_model_config(policy.path);
  if (config.ok()) policy.dtype = dtype_of(config->stored_type);
}

void ConfigChecks::check_attention() {
  PolicySection& policy = config_.policy;
  if (policy.attention == Attention::kMla) {
    require(policy.qk_rope_head_dim % 2 == 0, {"policy.qk_rope_head_dim"},
            str("rotary positions need an even width, not ", policy.qk_rope_head_dim));
    return;
  }
  require(policy.heads % policy.kv_heads == 0, {"policy.kv_heads", "policy.heads"},
          str("heads (", policy.heads, ") must be divisible by kv_heads (", policy.kv_heads, ")"));
  require(policy.head_dim > 0 || policy.hidden_size % policy.heads == 0, {"policy.heads", "policy.hidden_size"},
          str("hidden_size (", policy.hidden_size, ") must be divisible by heads (", policy.heads,
              "), or head_dim be given"));
  derive_if_zero(policy.head_dim, std::max<int64_t>(policy.hidden_size / policy.heads, 1));
  require(policy.head_dim % 2 == 0, {"policy.head_dim", "policy.heads", "policy.hidden_size"},
          str("rotary positions need an even head_dim, not ", policy.head_dim));
}

void ConfigChecks::check_experts() {
  const PolicySection& policy = config_.policy;
  require(policy.experts_per_token <= policy.experts, {"policy.experts_per_token", "policy.experts"},
          str("experts_per_token (", policy.experts_per_token, ") exceeds experts (", policy.experts, ")"));
  require(policy.experts % policy.expert_groups == 0, {"policy.expert_groups", "policy.experts"},
          str("experts (", policy.experts, ") must be divisible by expert_groups (", policy.expert_groups, ")"));
  require(policy.expert_group_limit <= policy.expert_groups, {"policy.expert_group_limit", "policy.expert_groups"},
          str("expert_group_limit (", policy.expert_group_limit, ") exceeds expert_groups (", policy.expert_groups,
              ")"));
  const int64_t reachable = policy.experts / policy.expert_groups * policy.expert_group_limit;
  require(policy.experts_per_token <= reachable || policy.experts_per_token > policy.experts,
          {"policy.experts_per_token", "policy.expert_group_limit", "policy.expert_groups"},
          str("experts_per_token (", policy.experts_per_token, ") exceeds the ", reachable,
              " experts in expert_group_limit groups"));
  require(policy.dense_layers <= policy.layers, {"policy.dense_layers", "policy.layers"},
          str("dense_layers (", policy.dense_layers, ") exceeds layers (", policy.layers, ")"));
}

void ConfigChecks::resolve_architecture() {
  PolicySection& policy = config_.policy;
  const std::string path = "policy.architecture";
  if (policy.architecture == Architecture::kAuto) policy.architecture = derived_architecture(policy);
  const ArchitectureRule& rule = rule_of(policy.architecture);
  const std::string name = "architecture " + name_of(policy.architecture);
  require(policy.attention == rule.attention, {path, "policy.attention"},
          name + " has attention " + name_of(rule.attention) + ", not " + name_of(policy.attention));
  const std::string experts = str("experts is ", policy.experts);
  require(policy.experts > 0 || rule.may_be_dense, {path, "policy.experts"}, name + " has experts; " + experts);
  require(policy.experts == 0 || rule.may_have_experts, {path, "policy.experts"}, name + " is dense; " + experts);
  if (policy.experts == 0 || !rule.may_have_experts) return;
  require(policy.scoring == rule.scoring, {"policy.scoring", path},
          name + " scores its experts by " + name_of(rule.scoring) + ", not " + name_of(policy.scoring));
  if (rule.has_shared_and_groups) return;
  require(policy.shared_experts == 0, {"policy.shared_experts", path, "policy.scoring"},
          name + str(" has no shared experts; shared_experts is ", policy.shared_experts, ", set it to 0"));
  require(policy.expert_groups == 1, {"policy.expert_groups", path, "policy.scoring"},
          name + str(" has no groups of experts; expert_groups is ", policy.expert_groups));
}

}  // namespace hone::trainer
