#include "rewards/task_checker.h"

#include <gtest/gtest.h>

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

const json kGold = {{"numbers", {2, 3}}, {"target", 6}};

CheckResult check(const json& options, std::string_view completion, const json& gold = kGold,
                  std::string_view data_source = "countdown") {
  return make_checker("task", options).value()->check(
      {.completion = completion, .gold = &gold, .data_source = data_source});
}

TEST(TaskChecker, GradesEveryTaskOfTexts) {
  const auto checker = make_checker("task", json::object()).value();
  for (const Task* task : tasks())
    for (uint64_t item = 0; item < 20; ++item) {
      const rl::Problem problem = draw_problem(*task, 3, item, Split::kTraining, {}, task->levels());
      const json gold = json::parse(problem.gold);
      const CheckResult result =
          checker->check({.completion = problem.completion, .gold = &gold, .data_source = problem.data_source});
      // Answers to "expression" are programs, judged by hidden calls.
      const bool is_program = task->name() == "expression";
      EXPECT_EQ(result.verdict, is_program ? Verdict::kGoldError : Verdict::kCorrect) << task->name();
    }
}

TEST(TaskChecker, FindsTheAnswerWhereItIsToldTo) {
  const struct { const char* where; std::string_view completion; Verdict verdict; } cases[] = {
      {"tags", "<think>5</think><answer>2 * 3</answer>", Verdict::kCorrect},
      {"tags", "2 * 3", Verdict::kNoAnswer},
      {"tags", "<answer>It is 2 * 3</answer>", Verdict::kParseError},
      {"boxed", "<think>\\boxed{2*3}</think>so \\boxed{5} or \\boxed{3*2}.", Verdict::kCorrect},
      {"boxed", "\\boxed{ {2}*3 }", Verdict::kParseError},
      {"boxed", "\\boxed{2*3", Verdict::kNoAnswer},
      {"boxed", "\\boxed{ }", Verdict::kNoAnswer},
      {"boxed", "2*3", Verdict::kNoAnswer},
      {"last_line", "<think>5</think>Well:\n2 * 3\n \n", Verdict::kCorrect},
      {"last_line", "<think>2 * 3", Verdict::kNoAnswer},
      {"last_line", "<think></think>\n", Verdict::kNoAnswer},
      {"last_line", "So 2 * 3", Verdict::kParseError}};
  for (const auto& [where, completion, verdict] : cases)
    EXPECT_EQ(check({{"answer_in", where}}, completion).verdict, verdict) << where << ": " << completion;
}

TEST(TaskChecker, SaysWhatItCompared) {
  const CheckResult result = check({}, "<answer>4*2</answer>", "8", "factors");
  EXPECT_EQ(result.verdict, Verdict::kWrong);
  EXPECT_EQ(result.extracted, "4*2");
  EXPECT_EQ(result.canonical, "2 * 4");
  EXPECT_EQ(result.gold_canonical, "8");
  EXPECT_EQ(check({}, "<answer>2 + 3</answer>").reason, "the value is 5");
}

TEST(TaskChecker, LongAnswersAreALimit) {
  EXPECT_EQ(check({}, "<answer>" + std::string(kMaxAnswer + 1, '1') + "</answer>").verdict, Verdict::kLimit);
}

TEST(TaskChecker, ProblemsOfNoTaskAreGoldErrors) {
  EXPECT_EQ(check({}, "<answer>1</answer>", kGold, "poetry").verdict, Verdict::kGoldError);
  EXPECT_EQ(check({{"task", "countdown"}}, "<answer>2*3</answer>", kGold, "poetry").verdict, Verdict::kCorrect);
  EXPECT_TRUE(make_checker("task", {{"task", "poetry"}}).error().to_string().starts_with("task: there is no task"));
  const auto checker = make_checker("task", {{"task", "countdown"}}).value();
  EXPECT_TRUE(checker->check_gold(kGold).ok());
  EXPECT_FALSE(checker->check_gold("6").ok());
}

}  // namespace
}  // namespace hone::rewards
