// What the training loop sees of the world. Real ones are wired in trainer/; tests use fakes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "rl/step_result.h"
#include "rl/types.h"

namespace hone::rl {

struct FinishedSample {
  std::shared_ptr<const Prompt> prompt;
  Sample sample;
};

// Samples groups with the current policy. Owned by one thread.
class RolloutSource {
 public:
  virtual ~RolloutSource() = default;
  // Starts groups with serials first, first + 1, ..., first + count - 1. What is sampled depends on the serials alone.
  virtual Result<void> issue(uint64_t first_serial, int count) = 0;
  // Samples until one answer ends and returns it, in no particular order; nullopt when none is in flight.
  virtual Result<std::optional<FinishedSample>> next() = 0;
};

// Grades answers in the background, on threads of its own.
class Scorer {
 public:
  virtual ~Scorer() = default;
  // Starts grading. The values are copied; returns at once, or after waiting for room in a bounded queue.
  virtual void submit(const FinishedSample& finished) = 0;
  // Waits for all `count` answers of the group and returns their scores by index. Each group is taken once.
  virtual Result<std::vector<Score>> take(uint64_t serial, int count) = 0;
  // Time so far in which at least one answer was being graded.
  virtual double busy_seconds() const = 0;
};

// Trains the policy. Owned by one thread.
class Learner {
 public:
  virtual ~Learner() = default;
  // One optimizer step over the micro-batches, whose weights sum over all of them. `first_of_rollout`: the policy is
  // still the one that sampled, so the recomputed log-probabilities must equal the recorded ones (Error kGuard if they
  // do not).
  virtual Result<UpdateReport> update(const std::vector<TokenBatch>& batches, bool first_of_rollout) = 0;
};

// Remembers what the loop did: journal, metrics, rollouts, checkpoints. Called by the loop's thread, in this order.
class StepLog {
 public:
  virtual ~StepLog() = default;
  // Before groups first_serial, ..., first_serial + count - 1 are sampled.
  virtual Result<void> groups_issued(int64_t step, uint64_t first_serial, int count) = 0;
  // In the order in which answers end. Error kGuard when this sample was seen before and was another one then.
  virtual Result<void> sample_finished(const FinishedSample& finished) = 0;
  // By serial. Not called for the round in which too many checks failed, so that a resumed run grades it again.
  virtual Result<void> scores_taken(uint64_t serial, const std::vector<Score>& scores) = 0;
  // Before the update: what was said since the last commit is durable on return.
  virtual Result<void> commit() = 0;
  // After the update. A checkpoint of the policy taken here belongs to result.next.
  virtual Result<void> step_done(const StepResult& result) = 0;
};

}  // namespace hone::rl
