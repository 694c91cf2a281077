// Checkers that are programs: whatever goes wrong in them, no sample gets a score that they did not give.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/philox.h"
#include "rewards/checker.h"
#include "rl/verdict.h"
#include "tests/support/plain_sandbox.h"
#include "tests/support/temp_dir.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

Result<std::unique_ptr<Checker>> make_worker(const json& more = {}, const std::vector<std::string>& arguments = {}) {
  json command = {"python3", HONE_SOURCE_DIR "/tests/rewards/scripts/worker.py"};
  for (const std::string& argument : arguments) command.push_back(argument);
  json options = {{"command", command}};
  if (more.is_object()) options.update(more);
  return make_checker("command", options, {.sandbox = std::make_shared<testing::PlainSandbox>()});
}

CheckResult ask(const Checker& checker, std::string_view completion, const json& gold = 1,
                const json& extra = json::object()) {
  return checker.check({.completion = completion, .gold = &gold, .extra_info = &extra});
}

struct Way {
  const char* mode;
  Verdict verdict;
};
// "limit" has the score 0 by its meaning: the sample used up its processor time twice, alone.
constexpr Way kWays[] = {
    {"right", Verdict::kScored},         {"slow", Verdict::kScored},          {"stderr_flood", Verdict::kScored},
    {"die", Verdict::kInfra},            {"out_of_memory", Verdict::kInfra},  {"garbage", Verdict::kInfra},
    {"half_line", Verdict::kInfra},      {"close_output", Verdict::kInfra},   {"disk_full", Verdict::kInfra},
    {"twice", Verdict::kInfra},          {"wrong_id", Verdict::kInfra},       {"text_id", Verdict::kInfra},
    {"not_a_number", Verdict::kInfra},   {"infinite", Verdict::kInfra},       {"score_is_text", Verdict::kInfra},
    {"no_score", Verdict::kInfra},       {"unknown_status", Verdict::kInfra}, {"score_for_failure", Verdict::kInfra},
    {"error", Verdict::kInfra},          {"error_and_score", Verdict::kInfra}, {"huge_line", Verdict::kInfra},
    {"nested", Verdict::kInfra},         {"exit_code", Verdict::kInfra},      {"unknown mode", Verdict::kInfra},
    {"sleep", Verdict::kTimeout},        {"spin", Verdict::kLimit},           {"over_budget", Verdict::kLimit},
};

TEST(CommandChecker, EveryWayToFailHasItsVerdict) {
  const auto checker = make_worker({{"cpu_seconds", 0.3}, {"wall_seconds", 1.5}});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  for (const Way& way : kWays) {
    const CheckResult result = ask(**checker, way.mode, 0.25);
    EXPECT_EQ(rl::to_string(result.verdict), rl::to_string(way.verdict)) << way.mode << ": " << result.reason;
    if (way.verdict == Verdict::kScored) EXPECT_EQ(result.score, 0.25) << way.mode;
    else EXPECT_FALSE(result.reason.empty()) << way.mode;
  }
}

}  // namespace
}  // namespace hone::rewards
