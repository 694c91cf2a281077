// From the groups a step keeps to the micro-batches of its optimizer steps.
#pragma once

#include <span>
#include <vector>

#include "rl/config.h"
#include "rl/types.h"

namespace hone::rl {

// A group to be trained on, borrowed; advantages[i] belongs to group->samples[i].
struct TrainedGroup {
  const Group* group = nullptr;
  std::span<const float> advantages;
};

// plan[u] holds the micro-batches of update u. With n groups and U = updates_per_rollout, update u takes the groups
// [u n / U, (u + 1) n / U), whole; updates without a trained token are left out. Requires: groups ordered by serial.
std::vector<std::vector<TokenBatch>> plan_updates(std::span<const TrainedGroup> groups, const GrpoConfig& config);

}  // namespace hone::rl
