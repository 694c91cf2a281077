// Checkers that are programs: whatever goes wrong in them, no sample gets a score that they did not give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
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
    {"error", Verdict::kInfra},          {"error_and_score", Verdict::kInfra}, {"nested", Verdict::kInfra},
    {"exit_code", Verdict::kInfra},      {"no_such_way", Verdict::kInfra},    {"over_budget", Verdict::kLimit},
    {"sleeping", Verdict::kTimeout},        {"spin", Verdict::kLimit},           {"huge_line", Verdict::kInfra},
};
constexpr size_t kQuickWays = std::size(kWays) - 3;
constexpr char kWorker[] = HONE_SOURCE_DIR "/tests/rewards/scripts/worker.sh";

Result<std::unique_ptr<Checker>> make_worker(const json& more = {}, const std::string& hello = "",
                                             std::shared_ptr<sandboxes::Sandbox> sandbox = nullptr) {
  json options = {{"command", {"sh", kWorker}}};
  if (!hello.empty()) options["command"].push_back(hello);
  if (more.is_object()) options.update(more);
  if (sandbox == nullptr) sandbox = std::make_shared<testing::PlainSandbox>();
  return make_checker("command", options, {.sandbox = sandbox});
}

CheckResult ask(const Checker& checker, std::string_view completion, const json& gold = 1,
                const json& extra = json::object()) {
  return checker.check({.completion = completion, .gold = &gold, .extra_info = &extra});
}


// Mostly answers; the ways that take a worker's whole time are rare.
const Way& way_of(uint32_t i) {
  const PhiloxCounter random = philox4x32(21, {i, 0, 0, 0});
  if (random[0] % 100 < 60) return kWays[0];
  return kWays[random[1] % (random[2] % 64 == 0 ? std::size(kWays) : kQuickWays)];
}

// Its newest worker can be killed under the checker's feet.
class KillableSandbox final : public sandboxes::Sandbox {
 public:
  sandboxes::Tier tier() const override { return plain_.tier(); }
  int slots() const override { return plain_.slots(); }
  Result<sandboxes::RunResult> run(const sandboxes::RunRequest& request) override { return plain_.run(request); }
  Result<std::unique_ptr<sandboxes::Worker>> spawn(const sandboxes::WorkerRequest& request) override {
    auto worker = std::make_unique<Watched>(request, *this);
    const std::lock_guard lock(mutex_);
    newest_ = worker.get();
    return std::unique_ptr<sandboxes::Worker>(std::move(worker));
  }
  void kill_one() {
    const std::lock_guard lock(mutex_);
    if (newest_ == nullptr) return;
    newest_->kill();
    newest_ = nullptr;
    ++killed_;
  }
  int killed() const { return killed_; }

 private:
  class Watched final : public testing::PlainWorker {
   public:
    Watched(const sandboxes::WorkerRequest& request, KillableSandbox& owner) : PlainWorker(request), owner_(owner) {}
    ~Watched() override {
      const std::lock_guard lock(owner_.mutex_);
      if (owner_.newest_ == this) owner_.newest_ = nullptr;
    }

   private:
    KillableSandbox& owner_;
  };

  testing::PlainSandbox plain_;
  std::mutex mutex_;
  Watched* newest_ = nullptr;
  int killed_ = 0;
};

// Limits far apart, so that on a busy machine a spinning worker still uses up its processor time first.
void expect_each_verdict(const std::shared_ptr<sandboxes::Sandbox>& sandbox) {
  const auto patient = make_worker({{"cpu_seconds", 0.3}, {"wall_seconds", 60}}, "", sandbox);
  const auto hasty = make_worker({{"cpu_seconds", 30}, {"wall_seconds", 0.5}}, "", sandbox);
  ASSERT_TRUE(patient.ok() && hasty.ok());
  for (const Way& way : kWays) {
    const CheckResult result = ask(way.verdict == Verdict::kTimeout ? **hasty : **patient, way.mode, 0.25);
    EXPECT_EQ(rl::to_string(result.verdict), rl::to_string(way.verdict)) << way.mode << ": " << result.reason;
    EXPECT_EQ(result.score, way.verdict == Verdict::kScored ? 0.25 : 0) << way.mode;
    EXPECT_EQ(result.reason.empty(), way.verdict == Verdict::kScored) << way.mode;
  }
}

TEST(CommandChecker, EveryWayToFailHasItsVerdict) { expect_each_verdict(std::make_shared<testing::PlainSandbox>()); }

// The same with the workers that a run has.
TEST(CommandChecker, EveryWayToFailHasItsVerdictInTheSandbox) {
  auto sandbox = sandboxes::Sandbox::start({.slots = 1, .allow_unsafe = true});
  if (!sandbox) GTEST_SKIP() << sandbox.error().to_string();
  expect_each_verdict(*sandbox);
}

// Failures among answers, in random order from many threads: no failure becomes a score, no answer is lost.
// HONE_CASES=10000 for the long run.
TEST(CommandChecker, FailuresAmongAnswersStayFailures) {
  const char* wanted = ::getenv("HONE_CASES");
  const int cases = wanted != nullptr ? std::stoi(wanted) : 1000;
  const auto checker = make_worker({{"workers", 8}, {"cpu_seconds", 0.5}, {"wall_seconds", 6}});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  std::atomic<int> next = 0, scores_of_failures = 0, lost_answers = 0, other_verdicts = 0;
  const auto work = [&] {
    for (int i; (i = next++) < cases;) {
      const Way& way = way_of(static_cast<uint32_t>(i));
      const double gold = 1 + i;
      const CheckResult result = ask(**checker, way.mode, gold);
      if (way.verdict == Verdict::kScored) lost_answers += result.verdict != Verdict::kScored || result.score != gold;
      else scores_of_failures += rl::has_score(result.verdict) && result.verdict != Verdict::kLimit;
      const bool starved = way.verdict == Verdict::kLimit && result.verdict == Verdict::kTimeout;
      other_verdicts += result.verdict != way.verdict && !starved;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(scores_of_failures, 0);
  EXPECT_EQ(lost_answers, 0);
  EXPECT_EQ(other_verdicts, 0);
}

// A worker may be killed at any moment from outside; with others in flight at it.
TEST(CommandChecker, KillingWorkersLosesNoSample) {
  auto sandbox = std::make_shared<KillableSandbox>();
  const json command = {"sh", kWorker, R"({"hello":1,"max_inflight":4})"};
  const auto checker = make_checker("command", {{"command", command}, {"workers", 4}}, {.sandbox = sandbox});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  std::atomic<int> next = 0, wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (int i; (i = next++) < 400;) {
        const CheckResult result = ask(**checker, i % 8 == 0 ? "slow" : "right", i);
        wrong += result.verdict != Verdict::kScored || result.score != i;
      }
    });
  }
  while (next < 400) {
    sandbox->kill_one();
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(sandbox->killed(), 0);
}

// Several in one worker: who is to blame shows when each runs alone.
TEST(CommandChecker, ANeighboursDeathIsNotCharged) {
  const auto checker = make_worker({{"workers", 1}}, R"({"hello":1,"max_inflight":8})");
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  std::atomic<int> dead = 0, right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const CheckResult result = ask(**checker, i % 4 == 0 ? "die" : "slow", 0.5);
      dead += i % 4 == 0 && result.verdict == Verdict::kInfra;
      right += i % 4 != 0 && result.verdict == Verdict::kScored && result.score == 0.5;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(dead, 2);
  EXPECT_EQ(right, 6);
}

TEST(CommandChecker, WhatCannotStartSaysWhy) {
  struct Start {
    json options;
    std::string hello, message;
  };
  const std::vector<Start> starts = {
      {{}, R"({"hello":2})", "it speaks version 2 of the protocol, hone 1"},
      {{}, R"({"hello":"1"})", "it speaks version \"1\" of the protocol"},
      {{}, R"({"hello":1,"max_inflight":0})", "max_inflight must be"},
      {{}, R"({"hello":1,"group":1})", "group must be true or false"},
      {{}, "[1]", "its first line is no hello: '[1]'"},
      {{{"command", {"sleep", "60"}}, {"start_seconds", 0.3}}, "", "no hello within 0.3 s"},
      {{{"command", {"/no/such/program"}}}, "", "/no/such/program"},
      {{{"command", {"true"}}}, "", "it exited with code 0"},
      {{{"command", {"sh", "-c", "echo broken >&2; exit 3"}}}, "", "it exited with code 3; it said: broken"},
      {{{"command", json::array()}}, "", "names no program"},
  };
  for (const Start& start : starts) {
    const auto checker = make_worker(start.options, start.hello);
    ASSERT_FALSE(checker.ok()) << start.message;
    EXPECT_THAT(checker.error().to_string(), ::testing::HasSubstr(start.message));
  }
}

// It does not read: its pipe is full long before 8 MiB are written.
TEST(CommandChecker, AWorkerThatDoesNotReadIsATimeout) {
  const json command = {"sh", "-c", R"(echo '{"hello":1}'; sleep 60)"};
  const auto checker = make_worker({{"command", command}, {"wall_seconds", 0.5}});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  EXPECT_EQ(ask(**checker, "right " + std::string(8 << 20, 'x')).verdict, Verdict::kTimeout);
}

TEST(CommandChecker, ADeathIsTriedAgainInAFreshWorker) {
  const testing::TempDir directory;
  const auto checker = make_worker();
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  const CheckResult result = ask(**checker, "die_once", 0.75, {{"mark", directory.file("mark")}});
  EXPECT_EQ(result.verdict, Verdict::kScored) << result.reason;
  EXPECT_EQ(result.score, 0.75);
}

TEST(CommandChecker, RequestsSayWhatIsKnownAboutTheSample) {
  const testing::TempDir directory;
  const auto checker = make_worker();
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  const json gold = 1, extra = {{"mark", directory.file("request")}};
  const CheckResult result =
      (*checker)->check({.prompt = "p", .completion = "echo_request \xFF\n", .gold = &gold, .data_source = "d",
                         .extra_info = &extra, .finish = rl::FinishReason::kLength, .serial = 9, .index = 2});
  EXPECT_EQ(result.verdict, Verdict::kScored) << result.reason;
  const auto text = read_file(directory.file("request"));
  ASSERT_TRUE(text.ok());
  const json request = json::parse(*text);
  const json expected = {{"id", request["id"]}, {"prompt", "p"}, {"completion", "echo_request \xEF\xBF\xBD\n"},
                         {"gold", gold}, {"data_source", "d"}, {"extra_info", extra}, {"truncated", true},
                         {"group", {{"id", 9}, {"index", 2}}}};
  EXPECT_EQ(request, expected);
}

}  // namespace
}  // namespace hone::rewards
