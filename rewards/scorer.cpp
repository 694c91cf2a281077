#include "rewards/scorer.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "base/json_reader.h"
#include "rl/verdict.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

CheckResult failed(Verdict verdict, std::string reason) { return {.verdict = verdict, .reason = std::move(reason)}; }

// A text of the problem as JSON, or null and why not. Empty texts are absent.
struct Parsed {
  std::optional<json> value;
  std::string problem;

  Parsed(const std::string& text, const char* what) {
    if (text.empty()) return;
    auto parsed = parse_json(text, what);
    if (parsed) value = std::move(*parsed);
    else problem = parsed.error().to_string();
  }
  const json* get() const { return value ? &*value : nullptr; }
};

bool applies(const Reward& reward, const std::string& data_source) {
  const auto& sources = reward.data_sources;
  return sources.empty() || std::find(sources.begin(), sources.end(), data_source) != sources.end();
}

// A checker must not throw, nor give a score that is no number, nor forget a sample; one that does is broken or out of
// memory. That is its failure, not the answer's.
std::vector<CheckResult> check_once(const Checker& checker, std::span<const CheckInput> inputs) {
  std::string problem;
  try {
    std::vector<CheckResult> results;
    if (checker.wants_group()) {
      results = checker.check_group(inputs);
    } else {
      for (const CheckInput& input : inputs) results.push_back(checker.check(input));
    }
    for (CheckResult& result : results)
      if (rl::has_score(result.verdict) && !std::isfinite(result.score))
        result = failed(Verdict::kInfra, "the checker's score is not finite");
    if (results.size() == inputs.size()) return results;
    problem = str("the checker gave ", results.size(), " results for ", inputs.size(), " samples");
  } catch (const std::exception& e) {
    problem = str("the checker threw: ", e.what());
  } catch (...) {
    problem = "the checker threw";
  }
  return std::vector<CheckResult>(inputs.size(), failed(Verdict::kInfra, problem));
}

std::vector<CheckResult> check(const Checker& checker, std::span<const CheckInput> inputs, int infra_retries) {
  const auto is_infra = [](const CheckResult& result) { return result.verdict == Verdict::kInfra; };
  std::vector<CheckResult> results = check_once(checker, inputs);
  for (int i = 0; i < infra_retries && std::any_of(results.begin(), results.end(), is_infra); ++i)
    results = check_once(checker, inputs);
  return results;
}

std::vector<CheckResult> check_reward(const Reward& reward, std::span<const CheckInput> inputs,
                                      const std::string& unreadable, int infra_retries) {
  const auto all = [&](Verdict verdict, const std::string& reason) {
    return std::vector<CheckResult>(inputs.size(), failed(verdict, reason));
  };
  if (!applies(reward, std::string(inputs.front().data_source))) return all(Verdict::kNotApplicable, "");
  if (!unreadable.empty()) return all(Verdict::kGoldError, unreadable);
  return check(*reward.checker, inputs, infra_retries);
}

bool looks_at_groups(const Reward& reward) { return reward.checker->wants_group(); }

}  // namespace

std::vector<rl::Score> grade(const std::vector<Reward>& rewards, std::span<const rl::FinishedSample> samples,
                             int infra_retries) {
  HONE_CHECK_LE(1u, samples.size());
  const rl::Problem& problem = samples.front().prompt->problem;
  const Parsed gold(problem.gold, "gold"), extra_info(problem.extra_info, "extra_info");
  std::vector<CheckInput> inputs;
  for (const rl::FinishedSample& finished : samples)
    inputs.push_back({.prompt = problem.prompt,
                      .completion = finished.sample.text,
                      .gold = gold.get(),
                      .data_source = problem.data_source,
                      .extra_info = extra_info.get(),
                      .finish = finished.sample.finish,
                      .tokens = finished.sample.tokens,
                      .serial = finished.prompt->serial,
                      .index = finished.sample.index});
  std::vector<rl::Score> scores(samples.size());
  for (const Reward& reward : rewards) {
    auto results = check_reward(reward, inputs, gold.problem + extra_info.problem, infra_retries);
    for (size_t i = 0; i < results.size(); ++i) {
      CheckResult& result = results[i];
      if (!rl::has_score(result.verdict)) result.score = 0;
      scores[i].reward += reward.weight * result.score;
      scores[i].components.push_back({reward.name, result.verdict, result.score, std::move(result.reason)});
    }
  }
  return scores;
}

RewardScorer::RewardScorer(std::vector<Reward> rewards, ScorerOptions options)
    : rewards_(std::move(rewards)),
      options_(std::move(options)),
      whole_groups_(std::any_of(rewards_.begin(), rewards_.end(), looks_at_groups)) {
  HONE_CHECK_LE(1, options_.threads);
  HONE_CHECK_LE(1, options_.queue);
  HONE_CHECK_LE(1, options_.group_size);
  HONE_CHECK_LE(0, options_.infra_retries);
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
}

RewardScorer::~RewardScorer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  waiting_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void RewardScorer::submit(const rl::FinishedSample& finished) {
  const uint64_t serial = finished.prompt->serial;
  const uint32_t index = finished.sample.index;
  auto recorded = options_.recorded ? options_.recorded(serial, index) : std::nullopt;
  std::unique_lock lock(mutex_);
  Pending& group = groups_[serial];
  const bool fresh = group.scores.emplace(index, recorded).second;
  HONE_CHECK(fresh, "sample ", index, " of group ", serial, " submitted twice");
  if (!recorded) ++group.ungraded;
  if (!whole_groups_) {
    if (!recorded) enqueue({finished}, lock);
    return;
  }
  group.waiting.emplace(index, finished);
  if (group.waiting.size() < static_cast<size_t>(options_.group_size) || group.ungraded == 0) return;
  Samples job;
  for (auto& [i, sample] : group.waiting) job.push_back(std::move(sample));
  group.waiting.clear();
  enqueue(std::move(job), lock);
}

void RewardScorer::enqueue(Samples job, std::unique_lock<std::mutex>& lock) {
  room_.wait(lock, [&] { return queue_.size() < static_cast<size_t>(options_.queue); });
  queue_.push_back(std::move(job));
  lock.unlock();
  waiting_.notify_one();
}

Result<std::vector<rl::Score>> RewardScorer::take(uint64_t serial, int count) {
  HONE_CHECK_LE(1, count);
  std::unique_lock lock(mutex_);
  const auto found = groups_.find(serial);
  const size_t submitted = found == groups_.end() ? 0 : found->second.scores.size();
  const bool whole = !whole_groups_ || count == options_.group_size;
  if (submitted != static_cast<size_t>(count) || !whole)
    return Error{.message =
                     str("group ", serial, ": ", submitted, " of ", count, " samples were submitted for grading")};
  graded_.wait(lock, [&] { return found->second.ungraded == 0; });
  std::vector<rl::Score> scores;
  for (auto& [index, score] : found->second.scores) {
    HONE_CHECK_EQ(index, scores.size());
    scores.push_back(std::move(*score));
  }
  groups_.erase(found);
  return scores;
}

double RewardScorer::busy_seconds() const {
  const std::lock_guard lock(mutex_);
  const Clock::duration now = busy_ > 0 ? Clock::now() - busy_since_ : Clock::duration();
  return std::chrono::duration<double>(busy_time_ + now).count();
}

void RewardScorer::work() {
  for (std::unique_lock lock(mutex_);; lock.lock()) {
    waiting_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    const Samples job = std::move(queue_.front());
    queue_.pop_front();
    if (busy_++ == 0) busy_since_ = Clock::now();
    lock.unlock();
    room_.notify_one();
    store(job, grade(rewards_, job, options_.infra_retries));
  }
}

// A score on record stays: only samples without one are graded, though a whole group is looked at.
void RewardScorer::store(const Samples& job, std::vector<rl::Score> scores) {
  {
    const std::lock_guard lock(mutex_);
    Pending& group = groups_.at(job.front().prompt->serial);
    for (size_t i = 0; i < job.size(); ++i) {
      std::optional<rl::Score>& score = group.scores.at(job[i].sample.index);
      if (score) continue;
      score = std::move(scores[i]);
      --group.ungraded;
    }
    if (--busy_ == 0) busy_time_ += Clock::now() - busy_since_;
  }
  graded_.notify_all();
}

}  // namespace hone::rewards
