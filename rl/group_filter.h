// Which graded groups a step trains on.
#pragma once

#include "rl/config.h"
#include "rl/types.h"

namespace hone::rl {

struct GroupDecision {
  bool dropped = false;        // a check of one of its samples failed: there is no reward to learn from
  bool zero_variance = false;  // all samples are equally good: no gradient. Known also where the filter is off
  bool kept = false;           // may be trained on
};

// By kReward a group has zero variance when all rewards are equal, by kAccuracy when the first component is correct for
// all samples or for none; kNone looks at the rewards and keeps the group all the same. A dropped group has no variance
// to speak of. Requires: one score per sample. A group of one always has zero variance.
GroupDecision filter_group(const ScoredGroup& group, FilterBy by);

// The sample is correct by the first of its stage's rewards.
bool is_correct(const Score& score);

}  // namespace hone::rl
