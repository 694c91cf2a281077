#include "trainer/evaluation.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hone::trainer {
namespace {

using ::testing::ElementsAre;
using Samples = std::vector<EvalSample>;

EvalSample answered(const std::string& answer, bool correct) {
  return {.correct = correct, .length = 1, .answer = answer};
}

TEST(PassAtK, ClosedForms) {
  EXPECT_DOUBLE_EQ(pass_at_k(8, 3, 1), 3.0 / 8);
  EXPECT_DOUBLE_EQ(pass_at_k(4, 2, 2), 1 - 1.0 / 6);
  EXPECT_DOUBLE_EQ(pass_at_k(10, 3, 5), 1 - 21.0 / 252);
  EXPECT_EQ(pass_at_k(8, 0, 8), 0);
  EXPECT_EQ(pass_at_k(8, 1, 8), 1);
  EXPECT_EQ(pass_at_k(8, 5, 4), 1);
  EXPECT_EQ(pass_at_k(1000, 1000, 1), 1);
}

TEST(Majority, MostFrequentAnswerWins) {
  EXPECT_TRUE(majority_correct(Samples{answered("1", false), answered("2", true), answered("2", true)}, 3));
  EXPECT_FALSE(majority_correct(Samples{answered("2", true), answered("1", false), answered("1", false)}, 3));
}

TEST(Majority, TieGoesToTheAnswerSeenFirst) {
  const Samples wrong_first = {answered("1", false), answered("2", true), answered("2", true), answered("1", false)};
  const Samples right_first = {answered("2", true), answered("1", false), answered("1", false), answered("2", true)};
  EXPECT_FALSE(majority_correct(wrong_first, 4));
  EXPECT_TRUE(majority_correct(right_first, 4));
}

TEST(Majority, OnlyTheFirstKVote) {
  const Samples samples = {answered("2", true), answered("1", false), answered("1", false)};
  EXPECT_TRUE(majority_correct(samples, 2));
  EXPECT_FALSE(majority_correct(samples, 3));
}

TEST(Majority, SamplesWithoutAnAnswerDoNotVote) {
  EXPECT_TRUE(majority_correct(Samples{answered("", false), answered("", false), answered("2", true)}, 3));
  EXPECT_FALSE(majority_correct(Samples{answered("", false)}, 1));
}

TEST(Bootstrap, IntervalOfAConstantIsThatConstant) {
  const auto [low, high] = bootstrap_ci95(std::vector<double>(64, 0.25));
  EXPECT_EQ(low, 0.25);
  EXPECT_EQ(high, 0.25);
}

// Half zeros and half ones: the standard error is 0.5 / sqrt(400) = 0.025.
TEST(Bootstrap, IntervalHasTheWidthOfTheNormalApproximation) {
  std::vector<double> values(400, 0);
  std::fill(values.begin(), values.begin() + 200, 1);
  const auto [low, high] = bootstrap_ci95(values);
  EXPECT_NEAR(low, 0.5 - 1.96 * 0.025, 0.006);
  EXPECT_NEAR(high, 0.5 + 1.96 * 0.025, 0.006);
}

TEST(Bootstrap, IsAFunctionOfTheValues) {
  const std::vector<double> values = {0, 0.5, 1, 0.25, 0.75};
  EXPECT_EQ(bootstrap_ci95(values), bootstrap_ci95(values));
}

std::vector<Samples> two_problems() {
  return {{{true, true, 10, false, "4"}, {false, true, 20, false, "5"}},
          {{false, false, 30, true, ""}, {false, true, 40, false, "7"}}};
}

TEST(Evaluate, CountsByHand) {
  const EvalReport report = evaluate(two_problems(), {.k = 2});
  EXPECT_EQ(report.problems, 2);
  EXPECT_EQ(report.samples, 2);
  EXPECT_DOUBLE_EQ(report.pass_at_1, 0.25);
  EXPECT_DOUBLE_EQ(report.pass_at_k, 0.5);
  EXPECT_DOUBLE_EQ(report.majority_at_k, 0.5);
  EXPECT_DOUBLE_EQ(report.format_rate, 0.75);
  EXPECT_DOUBLE_EQ(report.truncated_rate, 0.25);
  EXPECT_DOUBLE_EQ(report.length_mean, 25);
  EXPECT_DOUBLE_EQ(*report.length_correct_mean, 10);
  EXPECT_DOUBLE_EQ(*report.length_wrong_mean, 30);
  EXPECT_EQ(report.tokens, 100);
  EXPECT_EQ(report.pass_at_1_low, 0);
  EXPECT_EQ(report.pass_at_1_high, 0.5);
}

std::vector<std::string> keys_of(const nlohmann::ordered_json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

TEST(EvalJson, HasTheKeysOfTheInterface) {
  EXPECT_THAT(keys_of(to_json(evaluate(two_problems(), {.k = 2}))),
              ElementsAre("target", "task", "problems", "samples", "k", "temperature", "pass_at_1", "pass_at_1_ci95",
                          "pass_at_k", "majority_at_k", "format_rate", "length_mean", "length_correct_mean",
                          "length_wrong_mean", "truncated_rate", "seconds", "tokens", "pass_at", "majority_at"));
}

TEST(EvalJson, SharesForSmallerKAndForEverySource) {
  const std::vector<std::vector<EvalSample>> problems = {
      {answered("1", true), answered("2", false), answered("2", false), answered("1", true)},
      {answered("3", false), answered("3", false), answered("3", false), answered("4", true)}};
  const auto json = to_json(evaluate(problems, {.k = 4}, {"gsm8k", "math"}));
  EXPECT_EQ(json["pass_at"], nlohmann::json::parse(R"({"1": 0.375, "2": 0.6666666666666667, "4": 1.0})"));
  EXPECT_EQ(json["majority_at"], nlohmann::json::parse(R"({"1": 0.5, "2": 0.5, "4": 0.5})"));
  EXPECT_EQ(json["sources"]["math"],
            nlohmann::ordered_json({{"problems", 1}, {"pass_at_1", 0.25}, {"pass_at_k", 1.0}, {"majority_at_k", 0.0}}));
  EXPECT_FALSE(to_json(evaluate(problems, {.k = 4}, {"math", "math"})).contains("sources"));
}

TEST(EvalJson, MeanOverNoAnswersIsAbsent) {
  const auto json = to_json(evaluate({{answered("1", false)}}, {}));
  EXPECT_FALSE(json.contains("length_correct_mean"));
  EXPECT_TRUE(json.contains("length_wrong_mean"));
}

TEST(EvalMetrics, AreTheNumbersUnderTheNameOfTheEvaluation) {
  const auto list = to_metrics(evaluate(two_problems(), {.target = "runs/a", .task = "sum", .k = 2}), "held_out");
  const std::map<std::string, double> metrics(list.begin(), list.end());
  EXPECT_EQ(metrics.at("eval/held_out/pass_at_1"), 0.25);
  EXPECT_EQ(metrics.at("eval/held_out/pass_at_1_ci95_low"), 0);
  EXPECT_EQ(metrics.at("eval/held_out/pass_at_1_ci95_high"), 0.5);
  EXPECT_EQ(metrics.at("eval/held_out/length_wrong_mean"), 30);
  EXPECT_EQ(metrics.count("eval/held_out/task"), 0u);
}

}  // namespace
}  // namespace hone::trainer
