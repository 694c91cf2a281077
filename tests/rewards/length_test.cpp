#include "rewards/length.h"

#include <gtest/gtest.h>

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

const CheckerContext kBytes = {.count_tokens = [](std::string_view text) { return static_cast<int64_t>(text.size()); }};

std::vector<rl::Token> tokens(size_t count) { return std::vector<rl::Token>(count, 1); }

double score(const json& options, size_t length, std::string_view completion = "", const json& gold = "1") {
  const std::vector<rl::Token> sampled = tokens(length);
  const auto checker = make_checker("length", options, kBytes).value();
  const CheckResult result = checker->check({.completion = completion, .gold = &gold, .tokens = sampled});
  EXPECT_EQ(result.verdict, Verdict::kScored);
  return result.score;
}

TEST(Length, OverlongIsEquation13OfDapo) {
  const struct { size_t length; double score; } cases[] = {{1, 0},      {80, 0},   {81, -.05}, {90, -.5},
                                                           {99, -.95}, {100, -1}, {101, -1},  {100000, -1}};
  for (const auto& [length, expected] : cases)
    EXPECT_DOUBLE_EQ(score({{"max_tokens", 100}, {"cache_tokens", 20}}, length), expected) << length;
}

TEST(Length, CosinePrefersShortRightAndLongWrongAnswers) {
  const json options = {{"shape", "cosine"}, {"max_tokens", 100}};
  const struct { size_t length; double right, wrong; } cases[] = {
      {1, .99987664, -.99987664}, {25, .92677670, -.92677670}, {50, .75, -.75}, {100, .5, -.5}, {180, .5, -.5}};
  for (const auto& [length, right, wrong] : cases) {
    EXPECT_NEAR(score(options, length, "<answer>1</answer>"), right, 1e-8) << length;
    EXPECT_NEAR(score(options, length, "<answer>2</answer>"), wrong, 1e-8) << length;
    EXPECT_NEAR(score(options, length, "no answer"), wrong, 1e-8) << length;
  }
}

TEST(Length, GroupComparesWithTheOthers) {
  const json gold = "1";
  const auto checker = make_checker("length", {{"shape", "group"}}, kBytes).value();
  ASSERT_TRUE(checker->wants_group());
  const auto scores = [&](std::vector<std::pair<size_t, bool>> samples) {
    std::vector<std::vector<rl::Token>> sampled;
    for (const auto& [length, right] : samples) sampled.push_back(tokens(length));
    std::vector<CheckInput> inputs;
    for (size_t i = 0; i < samples.size(); ++i)
      inputs.push_back({.completion = samples[i].second ? "<answer>1</answer>" : "<answer>2</answer>",
                        .gold = &gold, .tokens = sampled[i]});
    std::vector<double> result;
    for (const CheckResult& check : checker->check_group(inputs)) result.push_back(check.score);
    return result;
  };
  EXPECT_EQ(scores({{10, true}, {20, true}, {30, true}}), (std::vector<double>{.5, 0, -.5}));
  EXPECT_EQ(scores({{10, false}, {15, true}, {30, false}}), (std::vector<double>{0, .25, -.5}));
  EXPECT_EQ(scores({{10, true}, {10, false}}), (std::vector<double>{0, 0}));
}

TEST(Length, CountsTheTextWhereTheTokensAreNotKnown) {
  const json options = {{"max_tokens", 10}, {"cache_tokens", 10}};
  EXPECT_DOUBLE_EQ(score(options, 0, "abcd"), -.4);
  EXPECT_DOUBLE_EQ(score(options, 2, "abcd"), -.2);
}

TEST(Length, PassesOnWhyNothingWasJudged) {
  const json gold = json::array();
  const auto checker = make_checker("length", {{"shape", "cosine"}, {"max_tokens", 9}}, kBytes).value();
  EXPECT_EQ(checker->check({.completion = "<answer>1</answer>", .gold = &gold}).verdict, Verdict::kGoldError);
  EXPECT_FALSE(checker->check_gold(gold).ok());
  const json measures = {{"shape", "group"}, {"correct_by", "tag_count"}};
  EXPECT_EQ(make_checker("length", measures, kBytes).value()->check({.completion = "a"}).verdict, Verdict::kInfra);
}

TEST(Length, RefusesWhatItCannotMeasure) {
  const auto error = [](const json& options, const CheckerContext& context) {
    return make_checker("length", options, context).error().to_string();
  };
  EXPECT_EQ(error({{"max_tokens", 9}, {"cache_tokens", 3}}, {}),
            "the checker length needs a tokenizer, and there is none here");
  EXPECT_EQ(error({{"max_tokens", 9}, {"cache_tokens", 10}}, kBytes),
            "cache_tokens: must be at most max_tokens (9), not 10");
  EXPECT_FALSE(make_checker("length", {{"cache_tokens", 3}}, kBytes).ok());
  EXPECT_FALSE(make_checker("length", {{"shape", "group"}, {"max_tokens", 3}}, kBytes).ok());
  EXPECT_TRUE(error({{"shape", "group"}, {"correct_by", "nobody"}}, kBytes).starts_with("correct_by: "));
}

}  // namespace
}  // namespace hone::rewards
