// Where in a completion the answer is found.
#include "rewards/math/extract.h"

#include <gtest/gtest.h>

#include "rewards/math/grade.h"

namespace hone::math {
namespace {

struct Case {
  std::string_view completion;
  std::string_view found;  // trimmed; empty: nothing
};

constexpr Case kCases[] = {
    {"so \\boxed{42}.", "42"},
    {"\\boxed {42}", "42"},
    {"\\boxed\n{ 42 }", "42"},
    {"\\boxed 7", "7"},
    {"\\fbox{42}", "42"},
    {"\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"},
    {"\\boxed{\\{1,2\\}}", "\\{1,2\\}"},
    {"\\boxed{\\boxed{5}}", "\\boxed{5}"},
    {"\\boxed{1} then \\boxed{2}", "2"},
    {"\\boxed{1} then \\boxed{2", "1"},
    {"\\boxed{1} } } \\boxed{3}", "3"},
    {"\\boxed{}", ""},
    {"so 41, \\boxed{42", ""},
    {"\\\\boxed{42}", "42"},
    {"<think>\\boxed{1}</think>\\boxed{2}", "2"},
    {"<think>a</think>b</think>\\boxed{2}", "2"},
    {"<answer>42</answer>", "42"},
    {"<answer>1</answer> no, <answer>2</answer>", "2"},
    {"6 + 7 = 13\n#### 13", "13"},
    {"The final answer is 42. I hope it is correct.", "42"},
    {"The answer is $x^2+1$.", "x^2+1"},
    {"**Answer:** 42", "42"},
    {"ANSWER: 3/4", "3/4"},
    {"The answer: the largest $n$ is 34.", "34"},
    {"we find $a=1$, so \\(b=2\\)", "b=2"},
    {"hence \\[ x = 3 \\]", "x = 3"},
    {"hence $$\n9\n$$", "9"},
    {"that makes 12 apples.", "12"},
    {"it costs 1,000.99€ in all", "1,000.99"},
    {"model XDY2K", ""},
    {"it is 41 or 42", ""},
    {"3/4", "3/4"},
    {"x = 5", "x = 5"},
    {"no number here", ""},
    {"", ""},
    {"答案是 42", "42"},
    {"\\boxed{42}<|im_end|>", "42"},
};

TEST(Extract, FindsTheAnswer) {
  for (const Case& test : kCases) {
    const Found found = find_answer(test.completion, {});
    const std::string_view first = found.candidates.empty() ? std::string_view() : trim_answer(found.candidates[0]);
    EXPECT_EQ(first, test.found) << test.completion;
  }
}

TEST(Extract, BoxesThatStandTogetherAreAListWhenTheGoldIs) {
  const auto outcome = [](const char* gold, std::string_view text) { return grade({gold}, text, false, {}).outcome; };
  EXPECT_EQ(outcome("1,2", "\\boxed{1} and \\boxed{2}"), Outcome::kCorrect);
  EXPECT_EQ(outcome("1,2", "\\boxed{2}, \\boxed{1}"), Outcome::kCorrect);
  EXPECT_EQ(outcome("1,2", "\\boxed{1} which leads, after some more work, to \\boxed{2}"), Outcome::kWrong);
  EXPECT_EQ(outcome("2", "\\boxed{1} and then \\boxed{2}"), Outcome::kCorrect);
  EXPECT_EQ(outcome("2", "\\boxed{1} or \\boxed{2}"), Outcome::kWrong);
}

TEST(Extract, APercentSignMayFollowTheBox) {
  EXPECT_EQ(grade({"28\\%"}, "$\\boxed{28}$ percent", false, {Percent::kFraction}).outcome, Outcome::kCorrect);
}

}  // namespace
}  // namespace hone::math
