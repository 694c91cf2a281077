// Group-relative advantages: how much better an answer is than its siblings.
#pragma once

#include <span>
#include <vector>

#include "rl/config.h"

namespace hone::rl {

// advantages[g][i] = (rewards[g][i] - mean of rewards[g]) / divisor, with divisor
//   kNone   1                                                        (Dr. GRPO)
//   kGroup  standard deviation of the group's rewards + 1e-6         (GRPO as in verl)
//   kBatch  standard deviation of all rewards given + 1e-6           (TRL's scale_rewards: batch)
// Standard deviations divide by n - 1: [1, 0, 0, 0] gives 1.5, -.5, -.5, -.5. A group of one has mean 0 and standard
// deviation 1 (verl's rule). Equal rewards give exactly 0. Computed in double, in order of group and sample.
std::vector<std::vector<float>> advantages(std::span<const std::vector<double>> rewards, AdvantageStd divisor);

}  // namespace hone::rl
