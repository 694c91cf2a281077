// Reward functions written for verl and TRL run as they are.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "rewards/checker.h"
#include "rl/verdict.h"
#include "tests/support/plain_sandbox.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

Result<std::unique_ptr<Checker>> make_python(const std::string& function, const json& more = json::object()) {
  json options = {{"function", HONE_SOURCE_DIR "/tests/rewards/scripts/" + function}};
  options.update(more);
  return make_checker("python", options, {.sandbox = std::make_shared<testing::PlainSandbox>()});
}

struct Case {
  std::string function;
  std::string completion;
  json gold;
  Verdict verdict;
  double score;
  json options = json::object();
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.function << " of '" << c.completion << "'"; }

class PythonFunctions : public ::testing::TestWithParam<Case> {};

TEST_P(PythonFunctions, GiveTheirVerdict) {
  const Case& c = GetParam();
  const auto checker = make_python(c.function, c.options);
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  const json extra = {{"index", 7}, {"level", 3}};
  const CheckInput input{.prompt = "p", .completion = c.completion, .gold = &c.gold, .data_source = "gsm8k",
                         .extra_info = &extra};
  for (int i = 0; i < 2; ++i) {  // the first sample leaves the worker fit for the next
    const CheckResult result = (*checker)->check(input);
    EXPECT_EQ(rl::to_string(result.verdict), rl::to_string(c.verdict)) << result.reason;
    EXPECT_EQ(result.score, c.score);
  }
}

const json kGoldObject = {{"numbers", {1, 2.5}}};

INSTANTIATE_TEST_SUITE_P(Verl, PythonFunctions, ::testing::ValuesIn(std::vector<Case>{
    {"verl_reward.py:compute_score", " 42 ", "42", Verdict::kScored, 1},
    {"verl_reward.py:compute_score", "41", "42", Verdict::kScored, 0},
    {"verl_reward.py:compute_score", "41", "42", Verdict::kScored, 0.5, {{"kwargs", R"({"bonus": 0.5})"}}},
    {"verl_reward.py:compute_score", "\xFF\xC0", "\xEF\xBF\xBD\xEF\xBF\xBD", Verdict::kScored, 1},
    {"verl_reward.py:returns_bool", "1", "1", Verdict::kScored, 1},
    {"verl_reward.py:returns_dict", "1", "1", Verdict::kCorrect, 1},
    {"verl_reward.py:returns_dict", "2", "1", Verdict::kWrong, -1},
    {"verl_reward.py:returns_tuple", "1", "1", Verdict::kScored, 0.5},
    {"verl_reward.py:returns_scalar", "1", "1", Verdict::kScored, 0.25},
    {"verl_reward.py:returns_nan", "1", "1", Verdict::kInfra, 0},
    {"verl_reward.py:returns_text", "1", "1", Verdict::kInfra, 0},
    {"verl_reward.py:unserializable", "1", "1", Verdict::kInfra, 0},
    {"verl_reward.py:sees", "1", kGoldObject, Verdict::kScored, 1},
    {"verl_reward.py:few_arguments", "1", "1", Verdict::kScored, 1},
    {"verl_reward.py:asynchronous", "1", "1", Verdict::kScored, 1},
    {"verl_reward.py:uses_alarm", "1", "1", Verdict::kScored, 1},
    {"verl_reward.py:uses_alarm", "long", "1", Verdict::kInfra, 0},
    {"verl_reward.py:exits", "1", "1", Verdict::kInfra, 0},
    {"verl_reward.py:raises", "1", "1", Verdict::kInfra, 0},
    {"verl_reward.py:hangs", "sleep", "1", Verdict::kTimeout, 0, {{"wall_seconds", 0.5}}},
    {"verl_reward.py:hangs", "spin", "1", Verdict::kLimit, 0, {{"cpu_seconds", 0.3}}},
    {"verl_reward.py:eats_memory", "much", "1", Verdict::kLimit, 0},
    {"verl_reward.py:eats_memory", "little", "1", Verdict::kScored, 1},
    {"verl_reward.py:reads_stdin_and_writes_stdout", "1", "1", Verdict::kScored, 1},
    {"verl_reward.py:compute_score_batch", "1", "1", Verdict::kScored, 1},
}));

INSTANTIATE_TEST_SUITE_P(Trl, PythonFunctions, ::testing::ValuesIn(std::vector<Case>{
    {"trl_reward.py:exact", "42", "42", Verdict::kScored, 1},
    {"trl_reward.py:exact_messages", "42", "42", Verdict::kScored, 1, {{"conversational", true}}},
    {"trl_reward.py:some_do_not_apply", "skip", "42", Verdict::kNotApplicable, 0},
    {"trl_reward.py:some_do_not_apply", "four", "42", Verdict::kScored, 4},
}));

TEST(PythonChecker, TrlFunctionsGetTheWholeGroupAtOnce) {
  const auto checker = make_python("trl_reward.py:rank");
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  ASSERT_TRUE((*checker)->wants_group());
  const json gold = 1;
  const std::vector<CheckInput> group = {{.completion = "a", .gold = &gold}, {.completion = "abc", .gold = &gold},
                                         {.completion = "ab", .gold = &gold}};
  const std::vector<CheckResult> results = (*checker)->check_group(group);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].score, 0);
  EXPECT_EQ(results[1].score, 1);
  EXPECT_EQ(results[2].score, 0);
}

TEST(PythonChecker, TrlColumnsAreLists) {
  const json gold = "g", extra = {{"level", 3}, {"answer", "own"}};
  const std::vector<rl::Token> tokens = {5, 6};
  const std::vector<CheckInput> group(4, {.prompt = "p", .completion = "own", .gold = &gold, .extra_info = &extra,
                                          .tokens = tokens});
  for (const char* function : {"trl_reward.py:columns", "trl_reward.py:own_answer"}) {
    const auto checker = make_python(function);
    ASSERT_TRUE(checker.ok()) << checker.error().to_string();
    for (const CheckResult& result : (*checker)->check_group(group)) {
      EXPECT_EQ(result.verdict, Verdict::kScored) << function << ": " << result.reason;
      EXPECT_EQ(result.score, 1) << function;
    }
  }
}

TEST(PythonChecker, AListOfTheWrongLengthFailsTheGroup) {
  const auto checker = make_python("trl_reward.py:too_few");
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  const json gold = 1;
  const std::vector<CheckInput> group(3, {.completion = "a", .gold = &gold});
  const std::vector<CheckResult> results = (*checker)->check_group(group);
  ASSERT_EQ(results.size(), 3u);
  for (const CheckResult& result : results) EXPECT_EQ(result.verdict, Verdict::kInfra) << result.reason;
}

TEST(PythonChecker, AsyncFunctionsHoldManySamplesAtOnce) {
  const auto checker = make_python("verl_reward.py:asynchronous", {{"workers", 1}});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  const json gold = "1";
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] { EXPECT_EQ((*checker)->check({.completion = "1", .gold = &gold}).score, 1); });
  for (std::thread& thread : threads) thread.join();
  // One after the other would take 16 * 0.2 s.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1600));
}

TEST(PythonChecker, WhatCannotStartSaysWhy) {
  const std::vector<std::array<std::string, 2>> cases = {
      {"verl_reward.py:nothing_of_this_name", "has no attribute 'nothing_of_this_name'"},
      {"verl_reward.py:Scalar", "its parameters are neither"},
      {"no_such_file.py:f", "No such file"},
      {"verl_reward.py", "path/to/file.py:name"},
  };
  for (const auto& [function, message] : cases) {
    const auto checker = make_python(function);
    ASSERT_FALSE(checker.ok()) << function;
    EXPECT_NE(checker.error().to_string().find(message), std::string::npos) << checker.error().to_string();
  }
  EXPECT_FALSE(make_python("verl_reward.py:compute_score", {{"kwargs", "[1]"}}).ok());
  EXPECT_FALSE(make_python("verl_reward.py:compute_score", {{"python", "no-such-python"}}).ok());
}

}  // namespace
}  // namespace hone::rewards
