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

// A checker must not throw, nor give a score that is no number; one that does is broken or out of memory. That is its
// failure, not the answer's.
CheckResult check_once(const Checker& checker, const CheckInput& input) {
  try {
    CheckResult result = checker.check(input);
    const bool finite = std::isfinite(result.score) || !rl::has_score(result.verdict);
    return finite ? result : failed(Verdict::kInfra, "the checker's score is not finite");
  } catch (const std::exception& e) {
    return failed(Verdict::kInfra, str("the checker threw: ", e.what()));
  } catch (...) {
    return failed(Verdict::kInfra, "the checker threw");
  }
}

CheckResult check(const Checker& checker, const CheckInput& input, int infra_retries) {
  CheckResult result = check_once(checker, input);
  for (int i = 0; i < infra_retries && result.verdict == Verdict::kInfra; ++i) result = check_once(checker, input);
  return result;
}

}  // namespace

rl::Score grade(const std::vector<Reward>& rewards, const rl::FinishedSample& finished, int infra_retries) {
  const rl::Problem& problem = finished.prompt->problem;
  const Parsed gold(problem.gold, "gold"), extra_info(problem.extra_info, "extra_info");
  const std::string unreadable = gold.problem + extra_info.problem;
  const CheckInput input{.prompt = problem.prompt,
                         .completion = finished.sample.text,
                         .gold = gold.get(),
                         .data_source = problem.data_source,
                         .extra_info = extra_info.get(),
                         .finish = finished.sample.finish};
  rl::Score score;
  for (const Reward& reward : rewards) {
    CheckResult result = !applies(reward, problem.data_source) ? failed(Verdict::kNotApplicable, "")
                         : !unreadable.empty()                 ? failed(Verdict::kGoldError, unreadable)
                                                               : check(*reward.checker, input, infra_retries);
    if (!rl::has_score(result.verdict)) result.score = 0;
    score.reward += reward.weight * result.score;
    score.components.push_back({reward.name, result.verdict, result.score, std::move(result.reason)});
  }
  return score;
}

RewardScorer::RewardScorer(std::vector<Reward> rewards, ScorerOptions options)
    : rewards_(std::move(rewards)), options_(std::move(options)) {
  HONE_CHECK_LE(1, options_.threads);
  HONE_CHECK_LE(1, options_.queue);
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
  if (recorded) return;
  ++group.ungraded;
  room_.wait(lock, [&] { return queue_.size() < static_cast<size_t>(options_.queue); });
  queue_.push_back(finished);
  lock.unlock();
  waiting_.notify_one();
}

Result<std::vector<rl::Score>> RewardScorer::take(uint64_t serial, int count) {
  HONE_CHECK_LE(1, count);
  std::unique_lock lock(mutex_);
  const auto found = groups_.find(serial);
  const size_t submitted = found == groups_.end() ? 0 : found->second.scores.size();
  if (submitted != static_cast<size_t>(count))
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

void RewardScorer::work() {
  for (std::unique_lock lock(mutex_);; lock.lock()) {
    waiting_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    const rl::FinishedSample finished = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    room_.notify_one();
    store(finished.prompt->serial, finished.sample.index, grade(rewards_, finished, options_.infra_retries));
  }
}

void RewardScorer::store(uint64_t serial, uint32_t index, rl::Score score) {
  {
    const std::lock_guard lock(mutex_);
    Pending& group = groups_.at(serial);
    group.scores.at(index) = std::move(score);
    --group.ungraded;
  }
  graded_.notify_all();
}

}  // namespace hone::rewards
