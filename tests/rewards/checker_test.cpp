#include "rewards/registry.h"

#include <gtest/gtest.h>

#include "rewards/majority.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

CheckResult check(std::string_view name, std::string_view completion, const json& gold = "40",
                  std::string_view prompt = "") {
  return make_checker(name, json::object()).value()->check({.prompt = prompt, .completion = completion, .gold = &gold});
}
Verdict answer(std::string_view completion, const json& gold = "40", std::string_view prompt = "") {
  return check("answer", completion, gold, prompt).verdict;
}
std::string format_problem(std::string_view completion, std::string_view prompt = "") {
  const CheckResult result = check("format", completion, "40", prompt);
  EXPECT_EQ(result.verdict, Verdict::kScored);
  EXPECT_EQ(result.score, result.reason.empty() ? 1 : 0);
  return result.reason;
}

std::string repeat(std::string_view text, size_t bytes) {
  std::string all;
  while (all.size() < bytes) all += text;
  return all;
}

TEST(Answer, TakesTheLastAnswerAfterTheReasoning) {
  EXPECT_EQ(answer("<think>12;40;</think><answer>40</answer>"), Verdict::kCorrect);
  EXPECT_EQ(answer("<think><answer>40</answer></think><answer>41</answer>"), Verdict::kWrong);
  EXPECT_EQ(answer("<answer>41</answer><answer>40</answer>"), Verdict::kCorrect);
  EXPECT_EQ(answer("12;40;</think>so <answer> 40\n</answer>!"), Verdict::kCorrect);
}

TEST(Answer, ReportsWhatItComparedAndScores) {
  const CheckResult wrong = check("answer", "<answer> 04 </answer>", 40);
  EXPECT_EQ(wrong.extracted, "04");
  EXPECT_EQ(wrong.canonical, "04");
  EXPECT_EQ(wrong.gold_canonical, "40");
  EXPECT_EQ(wrong.score, 0);
  EXPECT_EQ(check("answer", "<answer>40</answer>", 40).score, 1);
}

TEST(Answer, WithoutAnAnswerSaysWhy) {
  const auto reason = [](std::string_view completion) {
    const CheckResult result = check("answer", completion);
    EXPECT_EQ(result.verdict, Verdict::kNoAnswer);
    EXPECT_EQ(result.score, 0);
    return result.reason;
  };
  EXPECT_EQ(reason(""), "no </answer> after the reasoning");
  EXPECT_EQ(reason("<think>1</think><answer>40"), "no </answer> after the reasoning");
  EXPECT_EQ(reason("<think>1</think>40</answer>"), "no <answer> before </answer>");
  EXPECT_EQ(reason("<answer>40</answer><think>40</think>"), "no </answer> after the reasoning");
  EXPECT_EQ(reason("<think></think><answer>40</answer></think>"), "no </answer> after the reasoning");
  EXPECT_EQ(reason("<think>40<answer>40</answer>"), "the reasoning does not end");
  EXPECT_EQ(reason("<answer> </answer>"), "the answer is empty");
}

TEST(Answer, ThePromptMayOpenTheReasoning) {
  EXPECT_EQ(answer("1</think><answer>40</answer>", "40", "1+39=<think>\n"), Verdict::kCorrect);
  EXPECT_EQ(answer("1 <answer>40</answer>", "40", "1+39=<think>\n"), Verdict::kNoAnswer);
}

TEST(Answer, NumbersCompareByTheirShortestText) {
  EXPECT_EQ(answer("<answer>40</answer>", 40.0), Verdict::kCorrect);
  EXPECT_EQ(answer("<answer>-0.5</answer>", -0.5), Verdict::kCorrect);
  EXPECT_EQ(answer("<answer>18446744073709551615</answer>", 18446744073709551615ull), Verdict::kCorrect);
  EXPECT_EQ(answer("<answer>040</answer>", 40), Verdict::kWrong);
}

TEST(Answer, ABadGoldIsNotTheAnswersFault) {
  for (const json& gold : {json(nullptr), json(true), json::array({40}), json(""), json(" ")}) {
    EXPECT_EQ(answer("<answer>40</answer>", gold), Verdict::kGoldError) << gold;
    EXPECT_FALSE(make_checker("answer", json::object()).value()->check_gold(gold).ok()) << gold;
  }
  EXPECT_EQ(make_checker("answer", {}).value()->check({.completion = "<answer>40</answer>"}).verdict,
            Verdict::kGoldError);
}

TEST(Answer, ABareAnswerIsGradedAsItStands) {
  const json gold = "40";
  const auto checker = make_checker("answer", json::object()).value();
  EXPECT_EQ(checker->check({.completion = " 40 ", .gold = &gold, .bare_answer = true}).verdict, Verdict::kCorrect);
  EXPECT_EQ(checker->check({.completion = "", .gold = &gold, .bare_answer = true}).verdict, Verdict::kNoAnswer);
}

TEST(Format, AcceptsTheFormat) {
  EXPECT_EQ(format_problem("<think>1;2</think><answer>3</answer>"), "");
  EXPECT_EQ(format_problem("<think></think><answer></answer>"), "");
  EXPECT_EQ(format_problem(" <think>\n1\n</think>\n\n<answer>\n3</answer>\n"), "");
}

TEST(Format, SaysWhatIsWrong) {
  EXPECT_EQ(format_problem(""), "<think> is missing");
  EXPECT_EQ(format_problem("<think>1<answer>3</answer>"), "</think> is missing");
  EXPECT_EQ(format_problem("<think>1</think>3</answer>"), "<answer> is missing");
  EXPECT_EQ(format_problem("<think>1</think><answer>3"), "</answer> is missing");
  EXPECT_EQ(format_problem("<think><think>1</think><answer>3</answer>"), "<think> appears twice");
  EXPECT_EQ(format_problem("<think>1</think><answer>3</answer></answer>"), "</answer> appears twice");
  EXPECT_EQ(format_problem("<answer>3</answer><think>1</think>"), "<answer> stands before </think>");
  EXPECT_EQ(format_problem("x<think>1</think><answer>3</answer>"), "text before <think>");
  EXPECT_EQ(format_problem("<think>1</think>x<answer>3</answer>"), "text between </think> and <answer>");
  EXPECT_EQ(format_problem("<think>1</think><answer>3</answer>x"), "text after </answer>");
}

TEST(Format, ThePromptMayOpenTheReasoning) {
  EXPECT_EQ(format_problem("1</think><answer>3</answer>", "1+2=<think>\n"), "");
  EXPECT_EQ(format_problem("<think>1</think><answer>3</answer>", "1+2=<think>"), "<think> is in the prompt already");
}

TEST(Format, CountsTheTokensOfTheReasoningAlone) {
  const TokenCounter bytes = [](std::string_view text) { return static_cast<int64_t>(text.size()); };
  const auto checker = make_checker("format", {{"min_reasoning_tokens", 3}}, {.count_tokens = bytes}).value();
  EXPECT_EQ(checker->check({.completion = "<think>123</think><answer>4</answer>"}).score, 1);
  const CheckResult little = checker->check({.completion = "<think>12</think><answer>4567</answer>"});
  EXPECT_EQ(little.score, 0);
  EXPECT_EQ(little.reason, "reasoning of 2 tokens, fewer than 3");
}

TEST(MakeChecker, RefusesUnknownNamesAndBadOptions) {
  const auto error = [](std::string_view name, const json& options) {
    return make_checker(name, options).error().to_string();
  };
  EXPECT_TRUE(error("anser", {}).starts_with("there is no checker 'anser'; did you mean 'answer'? Known: answer, "));
  EXPECT_EQ(error("answer", {{"correct", 1}}), "correct: unknown key");
  EXPECT_EQ(error("format", {{"min_reasoning_token", 1}}),
            "min_reasoning_token: unknown key; did you mean 'min_reasoning_tokens'?");
  EXPECT_EQ(error("format", {{"min_reasoning_tokens", -1}}),
            "min_reasoning_tokens: -1 is out of bounds: at least 0 and at most 1048576");
  EXPECT_EQ(error("format", {{"min_reasoning_tokens", 1}}),
            "min_reasoning_tokens: needs a tokenizer, and there is none here");
  EXPECT_EQ(error("format", {{"correct_at", "1"}}), "correct_at: must be a number, not \"1\"");
  EXPECT_EQ(error("format", json::array()), "the options of a checker must be an object");
}

TEST(MakeChecker, CorrectAtJudgesAScore) {
  const auto checker = make_checker("format", {{"correct_at", 1}}).value();
  EXPECT_EQ(checker->check({.completion = "<think>1</think><answer>3</answer>"}).verdict, Verdict::kCorrect);
  EXPECT_EQ(checker->check({.completion = "3"}).verdict, Verdict::kWrong);
}

TEST(Checkers, SurviveMonstersAndAnyBytes) {
  const json gold = "40";
  const std::string monsters[] = {
      repeat("<think>", 1 << 20),   repeat("<answer", 1 << 20),          repeat("</answer><answer>", 1 << 20),
      repeat("<", 1 << 20),         repeat(std::string(1, '\0'), 1 << 20), repeat("\xFF\xC0", 1 << 20),
      repeat(" ", 1 << 20),         "<answer>" + repeat("9", 1 << 20) + "</answer>",
      repeat("</think>", 1 << 20) + "<answer>40</answer>"};
  for (const char* name : {"answer", "format"})
    for (const std::string& monster : monsters) {
      const CheckResult result = make_checker(name, {}).value()->check({.completion = monster, .gold = &gold});
      EXPECT_LE(result.score, 1);
      EXPECT_LT(result.reason.size(), 200u);
    }
}

TEST(Majority, TiesGoToTheAnswerSeenFirst) {
  const auto vote = [](std::vector<std::string> answers) { return majority(answers); };
  EXPECT_EQ(vote({"b", "a", "a", "b", "c"}), 0u);
  EXPECT_EQ(vote({"b", "a", "a"}), 1u);
  EXPECT_EQ(vote({"", "", "", "a"}), 3u);
  EXPECT_EQ(vote({"", ""}), std::nullopt);
  EXPECT_EQ(vote({}), std::nullopt);
}

}  // namespace
}  // namespace hone::rewards
