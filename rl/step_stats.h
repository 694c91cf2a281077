// Statistics of a step: from groups to numbers, from numbers to metrics.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rl/step_result.h"

namespace hone::rl {

// Everything but groups_resampled and seconds, which the groups do not know.
StepStats collect_stats(std::span<const DrawnGroup> groups);

// One report of the updates of a step: losses and gradient norms averaged over updates, shares and means over trained
// tokens; parity of the first, version and learning rate of the last. nullopt of none.
std::optional<UpdateReport> merge_reports(std::span<const UpdateReport> reports);

// Names and values for metrics.jsonl and TensorBoard, in a fixed order. What does not exist is left out.
std::vector<std::pair<std::string, double>> step_metrics(const StepStats& stats,
                                                         const std::optional<UpdateReport>& report);

}  // namespace hone::rl
