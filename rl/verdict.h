// Names of verdicts and finish reasons, and what a verdict means for a sample and its group.
#pragma once

#include <string_view>

#include "base/result.h"
#include "rl/types.h"

namespace hone::rl {

inline constexpr int kNumVerdicts = static_cast<int>(Verdict::kInfra) + 1;

// "correct", "no_answer", ...: as printed in metrics, rollouts and the journal.
std::string_view to_string(Verdict verdict);
Result<Verdict> parse_verdict(std::string_view name);

// "stop" or "length".
std::string_view to_string(FinishReason finish);
Result<FinishReason> parse_finish_reason(std::string_view name);

// The component's score counts in the sample's reward.
bool has_score(Verdict verdict);
// The check itself failed: its group has no usable reward and is not trained on.
bool drops_group(Verdict verdict);

}  // namespace hone::rl
