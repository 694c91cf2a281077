#include "rl/step_stats.h"

#include <cmath>

#include <gtest/gtest.h>

namespace hone::rl {
namespace {

struct Answer {
  Verdict verdict;
  double reward;
  size_t length;
  FinishReason finish = FinishReason::kStop;
};

DrawnGroup group(const std::vector<Answer>& answers) {
  DrawnGroup drawn;
  auto prompt = std::make_shared<Prompt>();
  prompt->tokens = {1, 2, 3};
  drawn.scored.group.prompt = prompt;
  for (const Answer& answer : answers) {
    Sample sample;
    sample.tokens.resize(answer.length);
    sample.finish = answer.finish;
    drawn.scored.group.samples.push_back(sample);
    const Component judged = {"answer", answer.verdict, answer.reward, ""};
    drawn.scored.scores.push_back({answer.reward, {judged, {"format", Verdict::kScored, .5, ""}}});
  }
  drawn.decision = filter_group(drawn.scored, FilterBy::kReward);
  return drawn;
}

std::vector<DrawnGroup> three_groups() {
  return {group({{Verdict::kCorrect, 1, 4}, {Verdict::kNoAnswer, 0, 8, FinishReason::kLength}}),
          group({{Verdict::kCorrect, 1, 6}, {Verdict::kCorrect, 1, 2}}),
          group({{Verdict::kWrong, 0, 10}, {Verdict::kInfra, 0, 3}})};
}

TEST(StepStats, MeansAreOverAllSamplesDrawn) {
  const StepStats stats = collect_stats(three_groups());
  EXPECT_DOUBLE_EQ(*stats.length_mean, 33 / 6.0);
  EXPECT_EQ(stats.length_max, 10);
  EXPECT_DOUBLE_EQ(*stats.truncated_rate, 1 / 6.0);
  EXPECT_EQ(stats.tokens_completion, 33);
  EXPECT_EQ(stats.tokens_prompt, 9);
}

TEST(StepStats, FailedChecksAreNoRewardsAndNoAnswers) {
  const StepStats stats = collect_stats(three_groups());
  EXPECT_DOUBLE_EQ(*stats.reward_mean, 3 / 5.0);
  EXPECT_DOUBLE_EQ(*stats.reward_std, std::sqrt(1.2 / 4));
  EXPECT_DOUBLE_EQ(*stats.accuracy, 3 / 5.0);
  EXPECT_DOUBLE_EQ(*stats.length_correct, 4);
  EXPECT_DOUBLE_EQ(*stats.length_wrong, 9);
}

TEST(StepStats, GroupsAreCountedByDecision) {
  const StepStats stats = collect_stats(three_groups());
  EXPECT_EQ(stats.groups_kept, 1);
  EXPECT_EQ(stats.groups_zero_variance, 1);
  EXPECT_EQ(stats.groups_dropped, 1);
}

TEST(StepStats, ComponentsCountVerdictsAndAverageScores) {
  const StepStats stats = collect_stats(three_groups());
  const ComponentStats& answer = stats.components.at("answer");
  EXPECT_EQ(answer.verdicts[static_cast<size_t>(Verdict::kCorrect)], 3);
  EXPECT_EQ(answer.verdicts[static_cast<size_t>(Verdict::kInfra)], 1);
  EXPECT_DOUBLE_EQ(*answer.mean, 3 / 5.0);
  EXPECT_DOUBLE_EQ(*stats.components.at("format").mean, .5);
}

TEST(MergeReports, OfNoneIsAbsent) { EXPECT_FALSE(merge_reports({}).has_value()); }

TEST(MergeReports, WeighsTokensAndKeepsTheFirstParity) {
  UpdateReport a, b;
  a.version = 4, a.loss = 1, a.entropy = 2, a.trained_tokens = 30, a.parity_max_abs_diff = .5;
  b.version = 5, b.loss = 3, b.entropy = 6, b.trained_tokens = 10;
  const UpdateReport merged = *merge_reports(std::vector<UpdateReport>{a, b});
  EXPECT_EQ(merged.version, 5);
  EXPECT_EQ(merged.loss, 2);
  EXPECT_EQ(merged.entropy, 3);
  EXPECT_EQ(merged.trained_tokens, 40);
  EXPECT_EQ(merged.parity_max_abs_diff, .5);
}

std::map<std::string, double> metrics(const StepStats& stats, const std::optional<UpdateReport>& report) {
  const auto list = step_metrics(stats, report);
  return {list.begin(), list.end()};
}

TEST(StepMetrics, NamesAreTheDocumentedOnes) {
  StepStats stats = collect_stats(three_groups());
  stats.seconds = {2, 1, .25, .5};
  UpdateReport report;
  report.has_kl = true, report.expert_max_load_ratio = 1.5;
  const auto all = metrics(stats, report);
  for (const char* name : {"loss", "entropy", "kl", "grad_norm", "learning_rate", "reward/mean", "reward/std",
                           "reward/answer", "reward/format", "accuracy", "length/mean", "length/max", "length/correct",
                           "length/wrong", "length/truncated_rate", "groups/kept", "groups/zero_variance",
                           "groups/resampled", "groups/dropped", "clip/low", "clip/high", "parity/max_abs_diff",
                           "verdicts/answer/correct", "verdicts/answer/infra", "verdicts/format/scored",
                           "tokens/prompt",
                           "tokens/completion", "tokens/trained", "tokens_per_second", "seconds/step", "seconds/sample",
                           "seconds/grade", "seconds/grading", "seconds/train", "experts/max_load_ratio"}) {
    EXPECT_TRUE(all.contains(name)) << name;
  }
  EXPECT_EQ(all.at("tokens_per_second"), 33 / 2.0);
}

TEST(StepMetrics, WhatDoesNotExistIsAbsent) {
  const auto all = metrics(collect_stats(std::vector{group({{Verdict::kInfra, 0, 3}})}), std::nullopt);
  for (const char* name : {"loss", "kl", "reward/mean", "reward/std", "reward/answer", "accuracy", "length/correct",
                           "length/wrong", "verdicts/answer/wrong", "tokens/trained", "experts/max_load_ratio",
                           "tokens_per_second", "parity/max_abs_diff"}) {
    EXPECT_FALSE(all.contains(name)) << name;
  }
}

}  // namespace
}  // namespace hone::rl
