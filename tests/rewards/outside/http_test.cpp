// Checkers behind HTTP: whatever goes wrong on the way, no sample gets a score that the server did not give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/philox.h"
#include "rewards/checker.h"
#include "rl/verdict.h"
#include "tests/support/script_server.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

struct Way {
  const char* mode;
  Verdict verdict;
};
constexpr Way kWays[] = {
    {"right", Verdict::kScored},       {"slow_enough", Verdict::kScored},  {"chunked", Verdict::kScored},
    {"drop_once", Verdict::kScored},   {"status_500", Verdict::kInfra},    {"status_404", Verdict::kInfra},
    {"not_json", Verdict::kInfra},     {"not_http", Verdict::kInfra},      {"closed", Verdict::kInfra},
    {"reset", Verdict::kInfra},        {"half_body", Verdict::kInfra},     {"half_header", Verdict::kInfra},
    {"endless_header", Verdict::kInfra}, {"huge_body", Verdict::kInfra},   {"negative_length", Verdict::kInfra},
    {"other_id", Verdict::kInfra},     {"not_a_number", Verdict::kInfra},  {"score_is_text", Verdict::kInfra},
    {"a_list", Verdict::kInfra},       {"error", Verdict::kInfra},         {"unknown_mode", Verdict::kInfra},
    {"sleep", Verdict::kTimeout},      {"drip", Verdict::kTimeout},
};

class HttpChecker : public ::testing::Test {
 protected:
  std::unique_ptr<Checker> make(json options) {
    if (!options.contains("url")) options["url"] = server_.url("/grade");
    auto checker = make_checker("http", options);
    EXPECT_TRUE(checker.ok()) << (checker.ok() ? "" : checker.error().to_string());
    return checker.ok() ? std::move(checker).value() : nullptr;
  }
  const testing::ScriptServer server_;
};

TEST_F(HttpChecker, EveryWayToFailHasItsVerdict) {
  const auto checker = make({{"timeout_seconds", 1.5}, {"retries", 1}});
  for (const Way& way : kWays) {
    const json gold = 0.25;
    const CheckResult result = checker->check({.completion = way.mode, .gold = &gold});
    EXPECT_EQ(rl::to_string(result.verdict), rl::to_string(way.verdict)) << way.mode << ": " << result.reason;
    EXPECT_EQ(result.score, way.verdict == Verdict::kScored ? 0.25 : 0) << way.mode;
    EXPECT_EQ(result.reason.empty(), way.verdict == Verdict::kScored) << way.mode;
  }
}

// HONE_CASES=10000 for the long run.
TEST_F(HttpChecker, FailuresAmongAnswersStayFailures) {
  const char* wanted = ::getenv("HONE_CASES");
  const int cases = wanted != nullptr ? std::stoi(wanted) : 500;
  const auto checker = make({{"timeout_seconds", 2.5}, {"retries", 1}, {"max_inflight", 12}});
  std::atomic<int> next = 0, scores_of_failures = 0, lost_answers = 0;
  const auto work = [&] {
    for (int i; (i = next++) < cases;) {
      const PhiloxCounter random = philox4x32(21, {static_cast<uint32_t>(i), 0, 0, 0});
      const Way& way = kWays[random[0] % 2 == 0 ? 0 : random[1] % (random[2] % 32 == 0 ? std::size(kWays) : 21)];
      const json gold = 1 + i;
      const CheckResult result = checker->check({.completion = way.mode, .gold = &gold});
      if (way.verdict == Verdict::kScored) lost_answers += result.verdict != Verdict::kScored || result.score != 1 + i;
      else scores_of_failures += rl::has_score(result.verdict);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(scores_of_failures, 0);
  EXPECT_EQ(lost_answers, 0);
}

TEST_F(HttpChecker, AGroupIsOneListMatchedById) {
  const auto checker = make({{"group", true}});
  const json golds = {1, 2, 3};
  std::vector<CheckInput> group;
  for (const json& gold : golds) group.push_back({.completion = "right", .gold = &gold});
  const std::vector<CheckResult> results = checker->check_group(group);
  ASSERT_EQ(results.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(results[i].score, static_cast<double>(i + 1)) << results[i].reason;

  for (CheckInput& input : group) input.completion = "one_missing";
  EXPECT_EQ(checker->check_group(group)[0].verdict, Verdict::kInfra);
  EXPECT_EQ(checker->check_group(group)[1].verdict, Verdict::kScored);
  for (CheckInput& input : group) input.completion = "one_twice";
  for (const CheckResult& result : checker->check_group(group)) EXPECT_EQ(result.verdict, Verdict::kInfra);
}

TEST_F(HttpChecker, NobodyThereIsInfra) {
  const auto checker = make({{"url", "http://127.0.0.1:1/grade"}, {"retries", 1}});
  const CheckResult result = checker->check({.completion = "right"});
  EXPECT_EQ(result.verdict, Verdict::kInfra);
  EXPECT_THAT(result.reason, ::testing::HasSubstr("cannot connect"));
}

TEST(HttpUrls, WhatIsNoAddressSaysWhy) {
  for (const auto& [url, why] : std::vector<std::array<const char*, 2>>{
           {"https://a", "hone speaks no TLS"}, {"a:80", "does not begin with http://"}, {"http://", "has no host"},
           {"http://a:x", "its port is no number"}, {"http://a:70000", "its port is no number"},
           {"http://a/b c", "a blank"}, {"http://u@a", "a user name"}, {"http://a/#b", "a fragment"}}) {
    const auto checker = make_checker("http", {{"url", url}});
    ASSERT_FALSE(checker.ok()) << url;
    EXPECT_THAT(checker.error().to_string(), ::testing::HasSubstr(why));
  }
}

}  // namespace
}  // namespace hone::rewards
