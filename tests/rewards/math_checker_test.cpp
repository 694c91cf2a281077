#include "rewards/math_checker.h"

#include <gtest/gtest.h>

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

CheckResult check(const json& gold, std::string_view completion, const json& options = json::object()) {
  const auto checker = make_checker("math", options);
  EXPECT_TRUE(checker.ok()) << checker.error().to_string();
  CheckInput input;
  input.completion = completion;
  input.gold = &gold;
  return (*checker.value()).check(input);
}

TEST(MathChecker, GradesACompletion) {
  const CheckResult right = check("1/2", "so $\\boxed{0.5}$");
  EXPECT_EQ(right.verdict, Verdict::kCorrect);
  EXPECT_EQ(right.score, 1);
  EXPECT_EQ(right.extracted, "0.5");
  EXPECT_EQ(right.canonical, "1/2");
  EXPECT_EQ(right.gold_canonical, "1/2");
  const CheckResult wrong = check("1/2", "so $\\boxed{0.6}$");
  EXPECT_EQ(wrong.verdict, Verdict::kWrong);
  EXPECT_EQ(wrong.score, 0);
}

TEST(MathChecker, NamesWhyThereIsNoJudgement) {
  EXPECT_EQ(check("5", "no idea").verdict, Verdict::kNoAnswer);
  EXPECT_EQ(check("5", "\\boxed{5+}").verdict, Verdict::kParseError);
  EXPECT_EQ(check("5", "\\boxed{" + std::string(5000, '1') + "}").verdict, Verdict::kLimit);
  EXPECT_EQ(check("\\frac{1}{", "\\boxed{5}").verdict, Verdict::kGoldError);
}

TEST(MathChecker, AGoldIsATextANumberOrAListOfThese) {
  EXPECT_EQ(check(5, "\\boxed{5}").verdict, Verdict::kCorrect);
  EXPECT_EQ(check(0.5, "\\boxed{\\frac12}").verdict, Verdict::kCorrect);
  EXPECT_EQ(check(json::array({"4", 5}), "\\boxed{5}").verdict, Verdict::kCorrect);
  for (const json& gold : {json(nullptr), json::object(), json::array(), json(true), json::array({json::array()})})
    EXPECT_EQ(check(gold, "\\boxed{5}").verdict, Verdict::kGoldError) << gold.dump();
}

TEST(MathChecker, OptionsReachThePolicies) {
  EXPECT_EQ(check("7", "\\boxed{7\\%}").verdict, Verdict::kCorrect);
  EXPECT_EQ(check("7", "\\boxed{7\\%}", {{"percent", "fraction"}}).verdict, Verdict::kWrong);
  EXPECT_EQ(check("42", "\\boxed{42.001}", {{"tolerance", "relative"}, {"relative", 0.001}}).verdict,
            Verdict::kCorrect);
  EXPECT_FALSE(make_checker("math", {{"percent", "seven"}}).ok());
}

}  // namespace
}  // namespace hone::rewards
