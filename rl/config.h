// The settings of a grpo stage as the algorithm sees them: plain values, bounded before they get here.
#pragma once

#include <cstdint>

namespace hone::rl {

// How the losses of single tokens become one number; the formulas stand in rl/token_weights.h.
enum class Aggregation { kTokenMean, kSeqMeanTokenMean, kSeqMeanTokenSumNorm, kPromptMean };

// What (reward - group mean) is divided by; see rl/advantage.h.
enum class AdvantageStd { kNone, kGroup, kBatch };

// What must differ inside a group for the group to be trained on.
enum class FilterBy { kNone, kReward, kAccuracy };

// How a token's loss is formed; see rl/objective.h.
struct ObjectiveConfig {
  double clip_low = 0.2;   // the ratio is clipped to [1 - clip_low, 1 + clip_high]
  double clip_high = 0.28;
  double kl_coef = 0;      // 0: no reference is needed
  double entropy_coef = 0;
};

struct GrpoConfig {
  int prompts_per_step = 32;
  int group_size = 16;
  int64_t max_new_tokens = 32;  // also the norm of kSeqMeanTokenSumNorm
  int updates_per_rollout = 1;
  bool mask_truncated = false;  // true: truncated answers count in their group's mean and are left out of the loss

  ObjectiveConfig objective;
  Aggregation aggregation = Aggregation::kTokenMean;
  AdvantageStd advantage_std = AdvantageStd::kGroup;

  FilterBy filter_by = FilterBy::kNone;
  int refill_rounds = 0;
  double max_dropped_share = 0.5;  // of the groups of a step; beyond it the checks count as broken and the run stops

  int64_t token_budget = 16384;  // tokens of a micro-batch; part of the run's identity: it decides the order of sums
  bool share_prompt = true;      // compute a group's prompt once per micro-batch
};

}  // namespace hone::rl
