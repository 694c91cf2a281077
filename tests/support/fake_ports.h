// Ports of the loop without network, graders or disk. What they do follows from serial and index, or the test sets it.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "rl/ports.h"
#include "rl/train_loop.h"

namespace hone::rl::fake {

inline Sample make_sample(uint64_t serial, uint32_t index) {
  PhiloxStream random(serial, index);
  Sample sample;
  sample.index = index;
  const uint32_t length = 1 + random.below(6);
  for (uint32_t t = 0; t < length; ++t) {
    sample.tokens.push_back(static_cast<Token>(random.below(1000)));
    sample.logprobs.push_back(static_cast<float>(-random.uniform()));
    sample.entropies.push_back(1);
  }
  sample.finish = length == 6 ? FinishReason::kLength : FinishReason::kStop;
  return sample;
}

inline Score make_score(Verdict verdict, double reward) { return {reward, {{"answer", verdict, reward, "because"}}}; }

// Right for about half of the samples.
inline Score grade_by_tokens(const FinishedSample& finished) {
  const bool right = finished.sample.tokens.front() % 2 == 0;
  return make_score(right ? Verdict::kCorrect : Verdict::kWrong, right ? 1 : 0);
}

// Answers end in an order that `order_key` shuffles.
class Source : public RolloutSource {
 public:
  explicit Source(int group_size, uint64_t order_key = 0) : group_size_(group_size), order_key_(order_key) {}

  Result<void> issue(uint64_t first_serial, int count) override {
    for (int g = 0; g < count; ++g) issue_one(first_serial + static_cast<uint64_t>(g));
    PhiloxStream random(order_key_, first_serial);
    for (size_t i = in_flight_.size(); order_key_ != 0 && i > 1; --i) {
      std::swap(in_flight_[i - 1], in_flight_[random.below(static_cast<uint32_t>(i))]);
    }
    return {};
  }

  Result<std::optional<FinishedSample>> next() override {
    if (on_next) on_next();
    if (in_flight_.empty()) return std::optional<FinishedSample>();
    std::optional<FinishedSample> finished = std::move(in_flight_.back());
    in_flight_.pop_back();
    return finished;
  }

  std::function<void()> on_next;

 private:
  void issue_one(uint64_t serial) {
    auto prompt = std::make_shared<Prompt>();
    prompt->serial = serial;
    for (uint64_t t = 0; t < 2 + serial % 3; ++t) prompt->tokens.push_back(static_cast<Token>(serial * 10 + t));
    for (int i = 0; i < group_size_; ++i) in_flight_.push_back({prompt, make_sample(serial, static_cast<uint32_t>(i))});
  }

  const int group_size_;
  const uint64_t order_key_;
  std::vector<FinishedSample> in_flight_;
};

using Grade = std::function<Score(const FinishedSample&)>;

// Grades at once, in the loop's thread.
class InlineScorer : public Scorer {
 public:
  explicit InlineScorer(Grade grade = grade_by_tokens) : grade_(std::move(grade)) {}

  void submit(const FinishedSample& finished) override {
    scores_[finished.prompt->serial][finished.sample.index] = grade_(finished);
  }
  Result<std::vector<Score>> take(uint64_t serial, int count) override {
    auto group = scores_.extract(serial);
    HONE_CHECK_EQ(group.mapped().size(), static_cast<size_t>(count));
    std::vector<Score> scores;
    for (auto& [index, score] : group.mapped()) scores.push_back(std::move(score));
    return scores;
  }
  double busy_seconds() const override { return 0; }

 private:
  Grade grade_;
  std::map<uint64_t, std::map<uint32_t, Score>> scores_;
};

// Grades in threads of its own, as real scorers do.
class ThreadedScorer : public Scorer {
 public:
  explicit ThreadedScorer(int num_threads) {
    for (int i = 0; i < num_threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~ThreadedScorer() override {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void submit(const FinishedSample& finished) override {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(finished);
    }
    changed_.notify_all();
  }
  Result<std::vector<Score>> take(uint64_t serial, int count) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return graded_[serial].size() == static_cast<size_t>(count); });
    std::vector<Score> scores;
    for (auto& [index, score] : graded_[serial]) scores.push_back(std::move(score));
    graded_.erase(serial);
    return scores;
  }
  double busy_seconds() const override { return 0; }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
      if (stop_) return;
      const FinishedSample finished = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      Score score = grade_by_tokens(finished);
      lock.lock();
      graded_[finished.prompt->serial][finished.sample.index] = std::move(score);
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FinishedSample> queue_;
  std::map<uint64_t, std::map<uint32_t, Score>> graded_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

// Keeps what it was given.
class Recorder : public Learner {
 public:
  Result<UpdateReport> update(const std::vector<TokenBatch>& batches, bool first_of_rollout) override {
    updates.push_back(batches);
    first.push_back(first_of_rollout);
    UpdateReport report;
    report.version = static_cast<int64_t>(updates.size());
    for (const TokenBatch& batch : batches) report.trained_tokens += static_cast<int64_t>(batch.row.size());
    return report;
  }

  std::vector<std::vector<TokenBatch>> updates;
  std::vector<bool> first;
};

// One word per call, and the results.
class Log : public StepLog {
 public:
  Result<void> groups_issued(int64_t step, uint64_t first_serial, int count) override {
    calls.push_back(str("issued ", step, " ", first_serial, " ", count));
    return {};
  }
  Result<void> sample_finished(const FinishedSample& finished) override {
    calls.push_back("sample");
    if (reject && reject(finished)) return Error{ErrorCode::kGuard, "another sample than before"};
    return {};
  }
  Result<void> scores_taken(uint64_t serial, const std::vector<Score>&) override {
    calls.push_back(str("scores ", serial));
    return {};
  }
  Result<void> commit() override {
    calls.push_back("commit");
    return {};
  }
  Result<void> step_done(const StepResult& result) override {
    calls.push_back(str("done ", result.step));
    results.push_back(result);
    return {};
  }

  std::function<bool(const FinishedSample&)> reject;
  std::vector<std::string> calls;
  std::vector<StepResult> results;
};

}  // namespace hone::rl::fake
