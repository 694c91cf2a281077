// Grades samples in the background: the scorer of the training loop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
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
  int group_size = 1;     // samples of a group; rewards that look at whole groups wait for them
  int queue = 256;        // jobs waiting (a sample, or a whole group); submit waits while it is full
  int infra_retries = 2;  // further attempts when a checker itself fails
  // The score already on record for (serial, sample index), if any: such a sample is not graded again. Called by
  // submit.
  std::function<std::optional<rl::Score>(uint64_t serial, uint32_t index)> recorded;
};

// Grades samples of one group by all rewards, in order: rewards that look at whole groups see all of `samples` at once.
// A verdict without score adds nothing to the reward. One score for each sample.
std::vector<rl::Score> grade(const std::vector<Reward>& rewards, std::span<const rl::FinishedSample> samples,
                             int infra_retries);

// Scores depend on the samples alone, never on threads or order. submit and take belong to one thread.
class RewardScorer final : public rl::Scorer {
 public:
  RewardScorer(std::vector<Reward> rewards, ScorerOptions options);
  ~RewardScorer() override;  // drops what waits in the queue

  void submit(const rl::FinishedSample& finished) override;
  // Error kInvalid unless samples 0 to count - 1 of the group were submitted before.
  Result<std::vector<rl::Score>> take(uint64_t serial, int count) override;
  double busy_seconds() const override;

 private:
  using Clock = std::chrono::steady_clock;
  using Samples = std::vector<rl::FinishedSample>;  // one, or a whole group by index

  struct Pending {
    std::map<uint32_t, std::optional<rl::Score>> scores;  // by sample index; empty while being graded
    std::map<uint32_t, rl::FinishedSample> waiting;       // for the rest of the group
    int ungraded = 0;
  };
  void enqueue(Samples job, std::unique_lock<std::mutex>& lock);
  void work();
  void store(const Samples& job, std::vector<rl::Score> scores);

  const std::vector<Reward> rewards_;
  const ScorerOptions options_;
  const bool whole_groups_;  // some reward looks at whole groups
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable room_, waiting_, graded_;
  std::deque<Samples> queue_;
  std::map<uint64_t, Pending> groups_;  // by serial
  int busy_ = 0;                        // threads that grade
  Clock::time_point busy_since_;
  Clock::duration busy_time_{};         // in which some thread graded, up to busy_since_
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hone::rewards
