// Math-Verify itself as a checker. HONE_MATH_VERIFY_PYTHON names a Python that has it:
//   python3 -m venv v && v/bin/pip install 'math-verify[antlr4_13_2]'
//   export HONE_MATH_VERIFY_PYTHON=$PWD/v/bin/python
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "rewards/checker.h"
#include "rl/verdict.h"
#include "tests/support/plain_sandbox.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

class MathVerify : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* python = ::getenv("HONE_MATH_VERIFY_PYTHON");
    if (python == nullptr) GTEST_SKIP() << "HONE_MATH_VERIFY_PYTHON is not set";
    const json options = {{"function", HONE_SOURCE_DIR "/tests/rewards/scripts/math_verify_reward.py:compute_score"},
                          {"python", python}, {"cpu_seconds", 12}, {"wall_seconds", 60}};
    auto checker = make_checker("python", options, {.sandbox = std::make_shared<testing::PlainSandbox>()});
    ASSERT_TRUE(checker.ok()) << checker.error().to_string();
    checker_ = std::move(checker).value();
  }
  CheckResult grade(const std::string& completion, const json& gold) const {
    return checker_->check({.completion = completion, .gold = &gold});
  }
  std::unique_ptr<Checker> checker_;
};

TEST_F(MathVerify, GradesAsItDoes) {
  struct Case {
    const char *completion, *gold;
    double score;
  };
  for (const Case& c : {Case{"so \\boxed{\\frac{1}{2}}", "0.5", 1}, Case{"$42$", "42", 1}, Case{"$41$", "42", 0},
                        Case{"\\boxed{x^2+2x+1}", "(x+1)^2", 1}, Case{"no answer here", "42", 0}}) {
    const CheckResult result = grade(c.completion, c.gold);
    EXPECT_EQ(rl::to_string(result.verdict), "scored") << c.completion << ": " << result.reason;
    EXPECT_EQ(result.score, c.score) << c.completion;
  }
}

// Its own time limit is an alarm, which needs the main thread; where that does not help, the worker's limits do.
TEST_F(MathVerify, HostileAnswersEndAndTheNextIsGraded) {
  const std::vector<std::string> hostile = {
      "\\boxed{9^{9^{9^{9}}}}", "\\boxed{(((2^{99999})!)!)!}", "\\boxed{\\int_0^1 x^{x^{x^{x}}} dx}",
      "\\boxed{" + std::string(20000, '(') + "1", "$" + std::string(100000, '9') + "$",
      "\\boxed{\\sum_{n=1}^{10^{12}} \\frac{1}{n}}"};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (const std::string& answer : hostile)
    threads.emplace_back([&] { EXPECT_NE(grade(answer, "42").score, 1) << answer.substr(0, 60); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(240));
  EXPECT_EQ(grade("\\boxed{42}", "42").score, 1);
}

}  // namespace
}  // namespace hone::rewards
