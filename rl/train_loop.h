// The training loop of GRPO, over ports: sample -> score -> filter -> advantages -> pack -> update. Start reading here.
#pragma once

#include <atomic>
#include <functional>

#include "base/result.h"
#include "rl/config.h"
#include "rl/ports.h"
#include "rl/step_result.h"

namespace hone::rl {

// Borrowed for as long as the loop runs.
struct LoopPorts {
  RolloutSource& source;
  Scorer& scorer;
  Learner& learner;
  StepLog& log;
  std::function<double()> seconds;         // a clock that never goes back
  const std::atomic<bool>* stop = nullptr;  // set by another thread to end the run between two samples
};

// One step from `state`. Rounds: prompts_per_step groups are drawn and graded; then as many again as were not kept, at
// most refill_rounds times. It trains on what is kept; with nothing kept there is no update and no report. Errors:
// those of the ports; kGuard when more than max_dropped_share of the groups drawn had failed checks; kInterrupted when
// stopped. After an error the ports are left in the middle of a step: the run ends, and repeats the step when resumed.
Result<StepResult> grpo_step(const GrpoConfig& config, const LoopPorts& ports, LoopState state);

// Steps state.step, ..., last - 1; step_done follows each. Returns where the run stands.
Result<LoopState> run_steps(const GrpoConfig& config, const LoopPorts& ports, LoopState state, int64_t last);

}  // namespace hone::rl
