#include "rewards/repetition.h"

#include <gtest/gtest.h>

#include <set>

#include "base/philox.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

double score(const json& options, std::string_view completion) {
  const CheckResult result = make_checker("repetition", options).value()->check({.completion = completion});
  EXPECT_EQ(result.verdict, Verdict::kScored);
  return result.score;
}

TEST(Repetition, IsTheShareOfNgramsThatComeAgain) {
  const struct { int n; double penalty; std::string_view text; double score; } cases[] = {
      {3, -1, "", 0},
      {3, -1, "two words", 0},
      {3, -1, "every single word here differs", 0},
      {1, -1, "a a a a", -.75},
      {2, -1, "a a a a", -2. / 3},
      {3, -2, "a b c a b c", -.5},
      {3, -1, "a b c A B\n\tC", -.25},
      {2, 0, "a a a a", 0},
      {2, -1, "好好好", -.5},
      {1, -1, "\xFF \xFF \xFE", -1. / 3}};
  for (const auto& [n, penalty, text, expected] : cases)
    EXPECT_DOUBLE_EQ(score({{"ngram", n}, {"max_penalty", penalty}}, text), expected) << text;
}

TEST(Repetition, EqualsTheCountOfASet) {
  for (uint64_t item = 0; item < 200; ++item) {
    PhiloxStream random(5, item);
    std::vector<uint64_t> items(random.below(60));
    for (uint64_t& value : items) value = random.below(3);
    const int64_t n = 1 + random.below(5);
    std::set<std::vector<uint64_t>> different;
    const int64_t count = static_cast<int64_t>(items.size()) - n + 1;
    for (int64_t i = 0; i < count; ++i) different.insert({items.begin() + i, items.begin() + i + n});
    const double expected = count > 0 ? 1 - static_cast<double>(different.size()) / static_cast<double>(count) : 0;
    EXPECT_DOUBLE_EQ(repeated_share(items, n), expected);
  }
}

TEST(Repetition, CountsTokensAsSampled) {
  const auto checker = make_checker("repetition", {{"unit", "tokens"}, {"ngram", 2}}).value();
  const std::vector<rl::Token> tokens = {7, 8, 7, 8, 7};
  EXPECT_DOUBLE_EQ(checker->check({.completion = "text", .tokens = tokens}).score, -.5);
  EXPECT_EQ(checker->check({.completion = "text"}).verdict, Verdict::kNotApplicable);
  EXPECT_EQ(checker->check({.completion = ""}).verdict, Verdict::kScored);
}

TEST(Repetition, RefusesARewardForRepetition) {
  EXPECT_FALSE(make_checker("repetition", {{"max_penalty", .1}}).ok());
  EXPECT_FALSE(make_checker("repetition", {{"ngram", 0}}).ok());
}

}  // namespace
}  // namespace hone::rewards
