#include "rl/step_stats.h"

#include <algorithm>

#include "rl/moments.h"

namespace hone::rl {
namespace {

struct Values {
  std::vector<double> rewards, correct, lengths, lengths_correct, lengths_wrong, truncated;
  std::map<std::string, std::vector<double>> component_scores;
};

void add_score(const Score& score, StepStats& stats, Values& values) {
  bool failed = false;
  for (const Component& component : score.components) {
    stats.components[component.name].verdicts[static_cast<size_t>(component.verdict)] += 1;
    if (has_score(component.verdict)) values.component_scores[component.name].push_back(component.score);
    failed |= drops_group(component.verdict);
  }
  if (!failed) values.rewards.push_back(score.reward);
}

void add_sample(const Sample& sample, const Score& score, StepStats& stats, Values& values) {
  const double length = static_cast<double>(sample.tokens.size());
  add_score(score, stats, values);
  values.lengths.push_back(length);
  values.truncated.push_back(sample.finish == FinishReason::kLength);
  stats.tokens_completion += static_cast<int64_t>(sample.tokens.size());
  if (score.components.empty() || !has_score(score.components.front().verdict)) return;
  values.correct.push_back(is_correct(score));
  (is_correct(score) ? values.lengths_correct : values.lengths_wrong).push_back(length);
}

void count_group(const DrawnGroup& group, StepStats& stats) {
  stats.groups_kept += group.decision.kept;
  stats.groups_zero_variance += group.decision.zero_variance;
  stats.groups_dropped += group.decision.dropped;
  stats.tokens_prompt += static_cast<int64_t>(group.scored.group.prompt->tokens.size());
}

void summarize(const Values& values, StepStats& stats) {
  stats.reward_mean = mean(values.rewards);
  stats.reward_std = standard_deviation(values.rewards);
  stats.accuracy = mean(values.correct);
  stats.length_mean = mean(values.lengths);
  if (!values.lengths.empty()) stats.length_max = *std::max_element(values.lengths.begin(), values.lengths.end());
  stats.length_correct = mean(values.lengths_correct);
  stats.length_wrong = mean(values.lengths_wrong);
  stats.truncated_rate = mean(values.truncated);
  for (auto& [name, component] : stats.components) {
    const auto scores = values.component_scores.find(name);
    if (scores != values.component_scores.end()) component.mean = mean(scores->second);
  }
}

// Mean of a field weighted by trained tokens.
double token_mean(std::span<const UpdateReport> reports, double UpdateReport::*field) {
  double sum = 0, tokens = 0;
  for (const UpdateReport& report : reports) {
    sum += report.*field * static_cast<double>(report.trained_tokens);
    tokens += static_cast<double>(report.trained_tokens);
  }
  return tokens > 0 ? sum / tokens : 0;
}

double update_mean(std::span<const UpdateReport> reports, double UpdateReport::*field) {
  double sum = 0;
  for (const UpdateReport& report : reports) sum += report.*field;
  return sum / static_cast<double>(reports.size());
}

}  // namespace

StepStats collect_stats(std::span<const DrawnGroup> groups) {
  StepStats stats;
  Values values;
  for (const DrawnGroup& group : groups) {
    count_group(group, stats);
    const std::vector<Sample>& samples = group.scored.group.samples;
    for (size_t i = 0; i < samples.size(); ++i) add_sample(samples[i], group.scored.scores[i], stats, values);
  }
  summarize(values, stats);
  return stats;
}

std::optional<UpdateReport> merge_reports(std::span<const UpdateReport> reports) {
  if (reports.empty()) return std::nullopt;
  UpdateReport merged = reports.back();
  merged.loss = update_mean(reports, &UpdateReport::loss);
  merged.grad_norm = update_mean(reports, &UpdateReport::grad_norm);
  for (auto field : {&UpdateReport::entropy, &UpdateReport::kl, &UpdateReport::clip_low, &UpdateReport::clip_high}) {
    merged.*field = token_mean(reports, field);
  }
  merged.parity_max_abs_diff = reports.front().parity_max_abs_diff;
  merged.trained_tokens = 0;
  for (const UpdateReport& report : reports) {
    merged.trained_tokens += report.trained_tokens;
    merged.expert_max_load_ratio = std::max(merged.expert_max_load_ratio, report.expert_max_load_ratio);
  }
  return merged;
}

}  // namespace hone::rl
