// The sampling engine: continuous batching over a paged cache. Requests go in, steps are made, answers come out as they
// end.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "policy/decoder.h"
#include "rollout/config.h"
#include "rollout/request.h"
#include "rollout/scheduler.h"

namespace hone::rollout {

struct EngineCounters {
  int64_t steps = 0;
  int64_t rows = 0;         // positions computed, recomputed ones included
  int64_t tokens = 0;       // tokens drawn
  int64_t preemptions = 0;  // sequences that lost their cache blocks to an older one
};

// Owned by one thread. The decoder must outlive the engine and be used by it alone while it has work.
class Engine {
 public:
  // Error kInvalid: a limit below 1, or more sequences than the decoder has rows.
  static Result<Engine> create(policy::Decoder& decoder, const EngineConfig& config);

  // Error kInvalid: a malformed request, or one whose answers could never fit (the numbers are named).
  Result<void> submit(GroupRequest request);

  // One forward pass and its draws; returns the answers that ended. Requires has_work().
  // Error kGuard: the policy gave a value that is not finite; the engine must not be used any more.
  Result<std::vector<FinishedAnswer>> step();

  bool has_work() const { return scheduler_.has_work(); }
  const EngineCounters& counters() const { return counters_; }
  int32_t num_free_blocks() const { return scheduler_.num_free_blocks(); }

 private:
  Engine(policy::Decoder& decoder, const EngineConfig& config);
  Result<void> check_fits(const GroupRequest& request) const;
  Result<void> check_draws(const StepPlan& plan) const;

  policy::Decoder* decoder_;
  Scheduler scheduler_;
  EngineCounters counters_;
  std::vector<policy::Draw> draws_;
};

}  // namespace hone::rollout
