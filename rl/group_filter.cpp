#include "rl/group_filter.h"

#include <algorithm>

#include "base/check.h"
#include "rl/verdict.h"

namespace hone::rl {
namespace {

bool check_failed_in(const Score& score) {
  return std::any_of(score.components.begin(), score.components.end(),
                     [](const Component& component) { return drops_group(component.verdict); });
}

bool equally_good(const Score& a, const Score& b, FilterBy by) {
  return by == FilterBy::kAccuracy ? is_correct(a) == is_correct(b) : a.reward == b.reward;
}

}  // namespace

GroupDecision filter_group(const ScoredGroup& group, FilterBy by) {
  const std::vector<Score>& scores = group.scores;
  HONE_CHECK_EQ(scores.size(), group.group.samples.size());
  GroupDecision decision;
  decision.dropped = std::any_of(scores.begin(), scores.end(), check_failed_in);
  if (decision.dropped) return decision;
  decision.zero_variance = std::all_of(scores.begin(), scores.end(),
                                       [&](const Score& score) { return equally_good(score, scores.front(), by); });
  decision.kept = by == FilterBy::kNone || !decision.zero_variance;
  return decision;
}

bool is_correct(const Score& score) {
  return !score.components.empty() && score.components.front().verdict == Verdict::kCorrect;
}

}  // namespace hone::rl
