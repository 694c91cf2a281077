// Grades samples in the background: the scorer of the training loop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rewards/checker.h"
#include "rl/ports.h"

namespace hone::rewards {

// One entry of a stage's `rewards`.
struct Reward {
  std::string name;
  double weight = 1;
  std::shared_ptr<const Checker> checker;
  std::vector<std::string> data_sources;  // grades these alone; empty: all
};

struct ScorerOptions {
  int threads = 1;
  int queue = 256;        // samples waiting; submit waits while it is full
  int infra_retries = 2;  // further attempts when a checker itself fails
  // The score already on record for (serial, sample index), if any: such a sample is not graded again. Called by
  // submit.
  std::function<std::optional<rl::Score>(uint64_t serial, uint32_t index)> recorded;
};

// Grades one sample by all rewards, in order. A verdict without score adds nothing to the reward.
rl::Score grade(const std::vector<Reward>& rewards, const rl::FinishedSample& finished, int infra_retries);

// Scores depend on the samples alone, never on threads or order. submit and take belong to one thread.
class RewardScorer final : public rl::Scorer {
 public:
  RewardScorer(std::vector<Reward> rewards, ScorerOptions options);
  ~RewardScorer() override;  // drops what waits in the queue

  void submit(const rl::FinishedSample& finished) override;
  // Error kInvalid unless samples 0 to count - 1 of the group were submitted before.
  Result<std::vector<rl::Score>> take(uint64_t serial, int count) override;

 private:
  struct Pending {
    std::map<uint32_t, std::optional<rl::Score>> scores;  // by sample index; empty while being graded
    int ungraded = 0;
  };
  void work();
  void store(uint64_t serial, uint32_t index, rl::Score score);

  const std::vector<Reward> rewards_;
  const ScorerOptions options_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable room_, waiting_, graded_;
  std::deque<rl::FinishedSample> queue_;
  std::map<uint64_t, Pending> groups_;  // by serial
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hone::rewards
