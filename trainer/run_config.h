// The configuration of a run: plain structs with their defaults. Each struct lists its fields in fields() with bounds
// and help (run_config_*fields.cpp); parsing, the JSON Schema, `hone config explain`, the resolved dump and the
// comparison on resume all come from that list.
//
// load_run_config() (trainer/run_config_load.h) fills what is "derived" below, so readers of a loaded configuration
// never meet an unset value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rewards/registry.h"
#include "trainer/data_format.h"

namespace hone::trainer {

enum class Device { kCpu, kCuda };
enum class Dtype { kAuto, kF32, kBf16 };
enum class MlaForm { kExpanded, kAbsorbed };
enum class Architecture { kAuto, kDeepseekV3, kDots1, kQwen3, kQwen3Moe, kLlama };
enum class Attention { kMla, kGqa };
enum class Scoring { kSigmoid, kSoftmax };
enum class StageKind { kPretrain, kSft, kGrpo };
enum class Schedule { kAuto, kConstant, kCosine };
enum class AdvantageStd { kNone, kGroup, kBatch };
enum class Aggregation { kTokenMean, kSeqMeanTokenMean, kSeqMeanTokenSumNorm, kPromptMean };
enum class FilterBy { kNone, kReward, kAccuracy };
enum class Truncated { kScore, kMask };

struct RunSection {
  std::string name;  // derived: the stem of the configuration file
  uint64_t seed = 1;
  std::string dir;      // derived: runs/<name>
  int64_t threads = 0;  // 0: all cores
  Device device = Device::kCpu;

  Fields fields();
};

// A model to load (path) or the shape of one to make. With a path the fields from architecture on do not apply.
struct PolicySection {
  std::string path;
  Dtype dtype = Dtype::kAuto;  // derived: that of the config.json in path; else f32
  MlaForm mla = MlaForm::kExpanded;

  Architecture architecture = Architecture::kAuto;  // derived from attention, experts and scoring
  Attention attention = Attention::kMla;
  int64_t hidden_size = 64;
  int64_t intermediate_size = 0;      // derived: 2 * hidden_size
  int64_t moe_intermediate_size = 0;  // derived: hidden_size
  int64_t layers = 2;
  int64_t heads = 4;
  int64_t kv_heads = 0;  // derived: heads
  int64_t head_dim = 0;  // derived: hidden_size / heads
  int64_t experts = 8;   // 0: dense
  int64_t experts_per_token = 2;
  int64_t shared_experts = 1;
  int64_t dense_layers = 1;
  int64_t expert_groups = 1;
  int64_t expert_group_limit = 1;
  bool norm_topk_prob = true;
  Scoring scoring = Scoring::kSigmoid;
  double routed_scaling = 1.0;
  double router_bias_rate = 0.001;
  int64_t kv_lora_rank = 32;
  int64_t q_lora_rank = 0;  // 0: queries are not compressed
  int64_t qk_nope_head_dim = 16;
  int64_t qk_rope_head_dim = 16;
  int64_t v_head_dim = 16;
  double rope_theta = 10000;
  int64_t max_positions = 256;
  bool tie_embeddings = false;
  double norm_eps = 1e-6;
  double init_std = 0;  // derived: 0.7 / sqrt(hidden_size)

  Fields fields();
};

// The tokens of a model made from scratch, besides <pad> <bos> <eos> <think> </think> <answer> </answer>.
struct TokenizerSection {
  std::string characters = "0123456789+-=;?,:";
  std::vector<std::string> words = {"wait"};

  Fields fields();
};

struct RolloutSection {
  int64_t max_sequences = 512;
  int64_t prefill_chunk = 2048;
  int64_t cache_tokens = 0;  // 0: planned from the stage

  Fields fields();
};

struct ColumnsConfig : Columns {
  Fields fields();
};

enum class TooLong { kError, kDrop };

// Exactly one of task and path is set.
struct DataConfig {
  std::string task;
  std::string path;  // absolute once loaded; trainer/data_files.h
  std::string prompt_template = "auto";  // trainer/prompt_template.h
  int64_t difficulty = 1;
  double chain_share = 1.0;
  double chain_share_late = -1;  // derived: chain_share
  double late_from = 0.6;
  double malformed_share = 0.0;
  DataFormat format = DataFormat::kAuto;
  ColumnsConfig columns;
  std::string completion_template;  // derived: the format's
  bool shuffle = true;
  int64_t max_tokens = 0;  // 0: what the policy takes
  TooLong too_long = TooLong::kError;
  std::string sha256;  // derived when a run starts: of the files

  StageKind used_by = StageKind::kPretrain;  // no field: the kind of the stage around it decides which fields apply

  Fields fields();
};

struct EvalConfig {
  int64_t every = 0;  // steps; 0: only at the end
  bool at_end = true;
  std::string task;  // derived, like path: the stage's data
  std::string path;
  DataFormat format = DataFormat::kAuto;  // derived, like columns: the stage's, for the same path
  ColumnsConfig columns;
  std::string sha256;      // derived when a run starts: of the files
  int64_t difficulty = 0;  // derived: that of the stage's data; 1 for another task
  std::string name;     // derived: the task, or the stem of the file
  std::string checker;  // derived: that of the first reward, of the stage or the next grpo stage; else answer
  int64_t problems = 512;
  int64_t samples = 8;
  double temperature = 1.0;
  double top_p = 1.0;
  int64_t max_new_tokens = 0;  // derived: that of the stage, else of the next grpo stage, else 64

  // No field: the options of the reward with this checker, of the stage or the next grpo stage; filled on loading.
  std::string checker_options = "{}";

  Fields fields();
};

struct FilterConfig {
  FilterBy by = FilterBy::kNone;
  int64_t refill_rounds = 0;

  Fields fields();
};

// Which samples a reward is for; empty: all.
struct WhenConfig {
  std::vector<std::string> data_source;

  Fields fields();
};

struct RewardConfig {
  std::string checker;
  std::string name;  // derived: checker
  double weight = 1.0;
  WhenConfig when;
  std::optional<double> correct_at;
  std::map<std::string, rewards::AnyOptions> own;  // fields of each checker; those of the chosen one count

  std::string options = "{}";  // no field: correct_at and the checker's own fields as JSON; filled on loading

  Fields fields();
};

struct StageConfig {
  std::string name;
  StageKind kind = StageKind::kPretrain;
  std::string from;  // "": the stage before, or init for the first; init; or a TARGET
  int64_t steps = 0;   // counted when a run starts, where epochs are given
  int64_t epochs = 0;  // pretrain, sft; 0: steps are given
  DataConfig data;
  int64_t rows_per_step = 256;  // pretrain, sft
  double learning_rate = 0;
  Schedule schedule = Schedule::kAuto;  // derived: cosine for pretrain and sft, constant for grpo
  int64_t warmup_steps = 0;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double max_grad_norm = 1.0;
  int64_t token_budget = 8192;  // tokens of a micro-batch
  int64_t checkpoint_every = 0;  // steps; 0: by time for pretrain and sft; derived to 1 for grpo
  EvalConfig eval;

  // Only for grpo.
  int64_t prompts_per_step = 32;
  int64_t group_size = 16;
  double temperature = 1.0;
  double top_p = 1.0;  // 1 and 0 are the only values: training is on the full distribution
  int64_t top_k = 0;
  int64_t max_new_tokens = 64;
  std::vector<std::string> stop;
  int64_t updates_per_rollout = 1;
  double clip_low = 0.2;
  double clip_high = 0.28;
  double kl_coef = 0;
  std::string reference;  // "": the weights at the start of the stage; or a TARGET
  AdvantageStd advantage_std = AdvantageStd::kGroup;
  Aggregation aggregation = Aggregation::kTokenMean;
  double entropy_coef = 0;
  FilterConfig filter;
  Truncated truncated = Truncated::kScore;
  bool share_prompt = true;
  double max_dropped_share = 0.5;
  std::vector<RewardConfig> rewards;

  Fields fields();
};

struct CheckpointSection {
  int64_t keep = 3;
  int64_t every_seconds = 30;
  int64_t max_shard_bytes = 5'000'000'000;  // the customary size

  Fields fields();
};

struct RolloutsSection {
  int64_t every = 1;  // steps; 0: off

  Fields fields();
};

enum class MinTier { kA, kB };

// Where programs run that nobody trusts; used when a checker runs any.
struct SandboxSection {
  MinTier min_tier = MinTier::kB;
  bool allow_unsafe = false;
  int64_t max_programs = 0;  // 0: one a core
  std::string python;

  Fields fields();
};

struct RunConfig {
  RunSection run;
  PolicySection policy;
  TokenizerSection tokenizer;
  RolloutSection rollout;
  std::vector<StageConfig> stages;
  CheckpointSection checkpoint;
  RolloutsSection rollouts;
  SandboxSection sandbox;

  Fields fields();
};

}  // namespace hone::trainer
