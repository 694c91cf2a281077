// The fields of the configuration outside the stages.
#include "base/schema.h"
#include "trainer/run_config.h"
#include "trainer/run_config_names.h"

namespace hone::trainer {
namespace {

constexpr double kMaxSize = 1 << 20;   // of a dimension
constexpr double kMaxCount = 1 << 30;  // of steps, tokens, rows
constexpr OnResume kFree = OnResume::kFree;

Condition scratch_only(const PolicySection& policy) {
  return {policy.path.empty(), "a policy made from scratch", "path", policy.path};
}

Condition attention_only(const PolicySection& policy, Attention attention) {
  if (!policy.path.empty()) return scratch_only(policy);
  return {policy.attention == attention, "attention " + name_of(attention), "attention", name_of(policy.attention)};
}

Condition experts_only(const PolicySection& policy) {
  if (!policy.path.empty()) return scratch_only(policy);
  return {policy.experts > 0, "a policy with experts", "experts", str(policy.experts)};
}

}  // namespace

Fields RunSection::fields() {
  return {
      field("name", name, {.help = "Name of the run.", .derived = "the stem of the configuration file"}),
      field("seed", seed, {.help = "Seed of every random number; with configuration and data it fixes the result."}),
      field("dir", dir, {.help = "Directory of the run, relative to the working directory.", .derived = "runs/<name>",
                         .on_resume = kFree}),
      field("threads", threads, {.help = "Threads that compute; 0: all cores. Results are the same for any number.",
                                 .range = between(0, 1024), .on_resume = kFree}),
      field("device", device, {.help = "Where the policy is trained and sampled."}),
  };
}

Fields PolicySection::fields() {
  const Condition scratch = scratch_only(*this), experts_present = experts_only(*this);
  const Condition mla_present = attention_only(*this, Attention::kMla), gqa = attention_only(*this, Attention::kGqa);
  const Range size = between(1, kMaxSize), size_or_derived = between(0, kMaxSize);
  return {
      field("path", path, {.help = "Directory of a Hugging Face model to start from; none: make a model of this shape.",
                           .is_file = true}),
      field("dtype", dtype, {.help = "Type in which weights and cache are held and multiplied; sums are in f32. bf16 "
                                     "keeps f32 masters to train and writes bf16.",
                             .derived = "that of the model in path, else f32"}),
      field("mla", mla, {.help = "What latent attention caches: expanded keys and values, or the latent itself."}),
      field("architecture", architecture, {.help = "Class of the model in Hugging Face's config.json.", .only = scratch,
                                           .derived = "from attention, experts and scoring"}),
      field("attention", attention, {.help = "Multi-head latent or grouped-query attention.", .only = scratch}),
      field("hidden_size", hidden_size, {.help = "Width of the residual stream.", .range = size, .only = scratch}),
      field("intermediate_size", intermediate_size, {.help = "Width of a dense layer's feed-forward network.",
                                                     .range = size_or_derived, .only = scratch,
                                                     .derived = "2 * hidden_size"}),
      field("moe_intermediate_size", moe_intermediate_size, {.help = "Width of one expert.", .range = size_or_derived,
                                                             .only = experts_present, .derived = "hidden_size"}),
      field("layers", layers, {.help = "Number of layers.", .range = between(1, 1024), .only = scratch}),
      field("heads", heads, {.help = "Attention heads.", .range = between(1, 1024), .only = scratch}),
      field("kv_heads", kv_heads, {.help = "Heads of keys and values; divides heads.", .range = between(0, 1024),
                                   .only = gqa, .derived = "heads"}),
      field("head_dim", head_dim, {.help = "Width of a head, even.", .range = between(0, 4096), .only = gqa,
                                   .derived = "hidden_size / heads"}),
      field("experts", experts, {.help = "Routed experts of a layer; 0: all layers are dense.",
                                 .range = between(0, 4096), .only = scratch}),
      field("experts_per_token", experts_per_token, {.help = "Routed experts that a token visits.",
                                                     .range = between(1, 4096), .only = experts_present}),
      field("shared_experts", shared_experts, {.help = "Experts that every token visits.", .range = between(0, 64),
                                               .only = experts_present}),
      field("dense_layers", dense_layers, {.help = "First layers, which have no experts.", .range = between(0, 1024),
                                           .only = experts_present}),
      field("expert_groups", expert_groups, {.help = "Groups of experts for routing; divides experts.",
                                             .range = between(1, 4096), .only = experts_present}),
      field("expert_group_limit", expert_group_limit, {.help = "Groups in which a token's experts may lie.",
                                                       .range = between(1, 4096), .only = experts_present}),
      field("norm_topk_prob", norm_topk_prob, {.help = "Scale the chosen experts' weights to a sum of 1.",
                                               .only = experts_present}),
      field("scoring", scoring, {.help = "Function of the router's logits.", .only = experts_present}),
      field("routed_scaling", routed_scaling, {.help = "Factor on the routed experts' output.", .range = above(0, 1000),
                                               .only = experts_present}),
      field("router_bias_rate", router_bias_rate, {.help = "Step of the router's balancing bias after an update in "
                                                           "pretrain and sft; 0: off. Frozen in grpo.",
                                                   .range = between(0, 1), .only = experts_present}),
      field("kv_lora_rank", kv_lora_rank, {.help = "Width of the latent keys and values.", .range = size,
                                           .only = mla_present}),
      field("q_lora_rank", q_lora_rank, {.help = "Width of the latent queries; 0: not compressed.",
                                         .range = between(0, kMaxSize), .only = mla_present}),
      field("qk_nope_head_dim", qk_nope_head_dim, {.help = "Width of a head's query without position.",
                                                   .range = between(1, 4096), .only = mla_present}),
      field("qk_rope_head_dim", qk_rope_head_dim, {.help = "Width of a head's rotated query, even.",
                                                   .range = between(2, 4096), .only = mla_present}),
      field("v_head_dim", v_head_dim, {.help = "Width of a head's value.", .range = between(1, 4096),
                                       .only = mla_present}),
      field("rope_theta", rope_theta, {.help = "Base of the rotary frequencies.", .range = above(1, 1e12),
                                       .only = scratch}),
      field("max_positions", max_positions, {.help = "Longest sequence, prompt and answer.",
                                             .range = between(2, kMaxSize), .only = scratch}),
      field("tie_embeddings", tie_embeddings, {.help = "One matrix for embedding and output head.", .only = scratch}),
      field("norm_eps", norm_eps, {.help = "Epsilon of RMSNorm.", .range = above(0, 0.1), .only = scratch}),
      field("init_std", init_std, {.help = "Standard deviation of initial weights.", .range = between(0, 10),
                                   .only = scratch, .derived = "0.7 / sqrt(hidden_size)"}),
  };
}

Fields TokenizerSection::fields() {
  return {
      field("characters", characters, {.help = "Characters that are tokens of a model made from scratch."}),
      field("words", words, {.help = "Words that are single tokens, besides <pad> <bos> <eos> <think> </think> "
                                     "<answer> </answer>."}),
  };
}

Fields RolloutSection::fields() {
  return {
      field("max_sequences", max_sequences, {.help = "Answers sampled at once.", .range = between(1, 1 << 16),
                                             .on_resume = kFree}),
      field("prefill_chunk", prefill_chunk, {.help = "Tokens of prompts computed in one step.",
                                             .range = between(1, kMaxSize), .on_resume = kFree}),
      field("cache_tokens", cache_tokens, {.help = "Positions of the key-value cache; 0: planned from the stage.",
                                           .range = between(0, kMaxCount), .on_resume = kFree}),
  };
}

Fields CheckpointSection::fields() {
  return {
      field("keep", keep, {.help = "Checkpoints kept, besides the first and last of each stage.",
                           .range = between(1, 1e6), .on_resume = kFree}),
      field("every_seconds", every_seconds, {.help = "Seconds between checkpoints of pretrain and sft.",
                                             .range = between(1, 86400), .on_resume = kFree}),
      field("max_shard_bytes", max_shard_bytes, {.help = "Size from which model.safetensors is cut into shards.",
                                                 .range = between(1, 1e15), .on_resume = kFree}),
  };
}

Fields RolloutsSection::fields() {
  return {
      field("every", every, {.help = "Write the samples of every n-th grpo step; 0: none.",
                             .range = between(0, kMaxCount), .on_resume = kFree}),
  };
}

Fields SandboxSection::fields() {
  return {
      field("min_tier", min_tier, {.help = "Least isolation of the programs that checkers run: A namespaces, B "
                                           "Landlock. hone doctor says what this machine gives.",
                                   .on_resume = kFree}),
      field("allow_unsafe", allow_unsafe, {.help = "Run them without isolation where there is none.",
                                           .on_resume = kFree}),
      field("max_programs", max_programs, {.help = "Programs at a time; 0: one a core.", .range = between(0, 1024),
                                           .on_resume = kFree}),
      field("python", python, {.help = "Interpreter of Python programs.", .derived = "/usr/bin/python3, else python3",
                               .on_resume = kFree}),
  };
}

Fields RunConfig::fields() {
  const Condition scratch = {policy.path.empty(), "a policy made from scratch", "policy.path", policy.path};
  return {
      field("run", run, {.help = "The run: its name, seed and place."}),
      field("policy", policy, {.help = "The model: one to load, or the shape of one to make."}),
      field("tokenizer", tokenizer, {.help = "Tokens of a model made from scratch.", .only = scratch}),
      field("rollout", rollout, {.help = "How answers are sampled, never what."}),
      field("stages", stages, {.help = "What is trained, in order.", .required = true}),
      field("checkpoint", checkpoint, {.help = "When checkpoints are made and kept."}),
      field("rollouts", rollouts, {.help = "Samples written to rollouts/."}),
      field("sandbox", sandbox, {.help = "Isolation of the programs that checkers run."}),
  };
}

}  // namespace hone::trainer
