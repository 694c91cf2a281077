#include "rl/train_loop.h"

#include <cmath>

#include <gmock/gmock.h>

#include "tests/support/fake_ports.h"

namespace hone::rl {
namespace {

using ::testing::ElementsAre;

GrpoConfig small() {
  return {.prompts_per_step = 4, .group_size = 3, .advantage_std = AdvantageStd::kGroup, .token_budget = 30};
}

// A loop on fakes. `grade` decides what is right.
struct World {
  GrpoConfig config;
  fake::Source source;
  fake::InlineScorer scorer;
  fake::Recorder learner;
  fake::Log log;
  std::atomic<bool> stop{false};
  double now = 0;

  explicit World(GrpoConfig c, fake::Grade grade = fake::grade_by_tokens, uint64_t order_key = 0)
      : config(c), source(c.group_size, order_key), scorer(std::move(grade)) {}

  LoopPorts ports() {
    return {source, scorer, learner, log, [this] { return now += 1; }, &stop};
  }
  Result<StepResult> step(LoopState state = {}) { return grpo_step(config, ports(), state); }
};

std::vector<uint64_t> serials(const StepResult& result, bool kept_only) {
  std::vector<uint64_t> list;
  for (const DrawnGroup& group : result.groups) {
    if (!kept_only || group.decision.kept) list.push_back(group.scored.group.prompt->serial);
  }
  return list;
}

// One sample in three is right in groups where `good` holds; all are wrong elsewhere.
fake::Grade grade_groups(std::function<bool(uint64_t)> good) {
  return [good = std::move(good)](const FinishedSample& finished) {
    const bool right = good(finished.prompt->serial) && finished.sample.index == 0;
    return fake::make_score(right ? Verdict::kCorrect : Verdict::kWrong, right ? 1 : 0);
  };
}

fake::Grade fail_groups(std::function<bool(uint64_t)> failed) {
  return [failed = std::move(failed)](const FinishedSample& finished) {
    const bool right = finished.sample.index == 0;
    if (failed(finished.prompt->serial) && right) return fake::make_score(Verdict::kInfra, 0);
    return fake::make_score(right ? Verdict::kCorrect : Verdict::kWrong, right ? 1 : 0);
  };
}

bool equal(const TokenBatch& a, const TokenBatch& b) {
  return a.tokens == b.tokens && a.row == b.row && a.target == b.target && a.weight == b.weight &&
         a.behaviour_logprob == b.behaviour_logprob && a.advantage == b.advantage && a.sequence == b.sequence &&
         a.segments.size() == b.segments.size();
}

bool equal(const std::vector<std::vector<TokenBatch>>& a, const std::vector<std::vector<TokenBatch>>& b) {
  const auto same = [](const TokenBatch& x, const TokenBatch& y) { return equal(x, y); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same);
  });
}

TEST(TrainLoop, OrderOfCompletionDoesNotMatter) {
  World straight(small());
  ASSERT_TRUE(run_steps(straight.config, straight.ports(), {}, 20).ok());
  for (uint64_t key = 1; key < 10; ++key) {
    World shuffled(small(), fake::grade_by_tokens, key);
    ASSERT_TRUE(run_steps(shuffled.config, shuffled.ports(), {}, 20).ok());
    EXPECT_TRUE(equal(straight.learner.updates, shuffled.learner.updates));
  }
}

TEST(TrainLoop, GradersInThreadsChangeNothing) {
  World alone(small()), threaded(small(), fake::grade_by_tokens, 5);
  fake::ThreadedScorer scorer(3);
  LoopPorts ports = {threaded.source, scorer, threaded.learner, threaded.log, [&] { return threaded.now += 1; }};
  ASSERT_TRUE(run_steps(alone.config, alone.ports(), {}, 50).ok());
  ASSERT_TRUE(run_steps(threaded.config, ports, {}, 50).ok());
  EXPECT_TRUE(equal(alone.learner.updates, threaded.learner.updates));
}

TEST(TrainLoop, TrainsOnTheAdvantagesOfTheGroups) {
  World world(small(), grade_groups([](uint64_t) { return true; }));
  const Result<StepResult> result = world.step();
  ASSERT_TRUE(result.ok());
  const float right = static_cast<float>((2 / 3.0) / (std::sqrt(1 / 3.0) + 1e-6));
  for (const DrawnGroup& group : result->groups) {
    EXPECT_THAT(group.advantages, ElementsAre(right, ::testing::FloatEq(-right / 2), ::testing::FloatEq(-right / 2)));
  }
  EXPECT_EQ(world.learner.updates[0][0].advantage[0], right);
}

TEST(TrainLoop, StateMovesByOneStepAndTheGroupsIssued) {
  World world(small());
  const Result<LoopState> state = run_steps(world.config, world.ports(), {10, 1000}, 13);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->step, 13);
  EXPECT_EQ(state->cursor, 1012u);
  EXPECT_EQ(world.log.results.back().step, 12);
}

TEST(TrainLoop, ResumedStepsEqualUninterruptedOnes) {
  GrpoConfig config = small();
  config.filter_by = FilterBy::kReward;
  config.refill_rounds = 3;
  World whole(config), first(config), second(config);
  ASSERT_TRUE(run_steps(config, whole.ports(), {}, 20).ok());
  const Result<LoopState> middle = run_steps(config, first.ports(), {}, 11);
  ASSERT_TRUE(run_steps(config, second.ports(), *middle, 20).ok());
  auto joined = first.learner.updates;
  joined.insert(joined.end(), second.learner.updates.begin(), second.learner.updates.end());
  EXPECT_TRUE(equal(whole.learner.updates, joined));
}

TEST(TrainLoop, LogIsToldInTheOrderOfTheStepAndCommitsBeforeTheUpdate) {
  GrpoConfig config = small();
  config.prompts_per_step = 2;
  config.group_size = 1;
  World world(config);
  ASSERT_TRUE(run_steps(config, world.ports(), {7, 70}, 8).ok());
  EXPECT_THAT(world.log.calls,
              ElementsAre("issued 7 70 2", "sample", "sample", "scores 70", "scores 71", "commit", "done 7"));
}

TEST(TrainLoop, SamplesAreSubmittedWhileOthersAreStillSampled) {
  int submitted = 0;
  World world(small(), [&](const FinishedSample& finished) {
    ++submitted;
    return fake::grade_by_tokens(finished);
  });
  int asked = 0;
  world.source.on_next = [&] { EXPECT_EQ(submitted, asked++); };
  ASSERT_TRUE(world.step().ok());
  EXPECT_EQ(asked, 12);
}

TEST(Refill, DrawsAsManyAsWereFilteredInWholeRounds) {
  GrpoConfig config = small();
  config.filter_by = FilterBy::kReward;
  config.refill_rounds = 5;
  World world(config, grade_groups([](uint64_t serial) { return serial % 2 == 1; }));
  const Result<StepResult> result = world.step();
  ASSERT_TRUE(result.ok());
  // 0 1 2 3 keep 1 3; 4 5 keep 5; 6 keeps none; 7 is kept.
  EXPECT_THAT(serials(*result, false), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(serials(*result, true), ElementsAre(1, 3, 5, 7));
  EXPECT_EQ(result->stats.groups_resampled, 4);
  EXPECT_EQ(result->stats.groups_zero_variance, 4);
  EXPECT_EQ(result->stats.groups_kept, 4);
  EXPECT_EQ(result->next.cursor, 8u);
  EXPECT_EQ(world.log.calls[0], "issued 0 0 4");
}

TEST(Refill, StopsAfterTheGivenRoundsAndTrainsOnWhatIsKept) {
  GrpoConfig config = small();
  config.filter_by = FilterBy::kReward;
  config.refill_rounds = 1;
  World world(config, grade_groups([](uint64_t serial) { return serial % 2 == 1; }));
  const Result<StepResult> result = world.step();
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(serials(*result, true), ElementsAre(1, 3, 5));
  EXPECT_EQ(result->next.cursor, 6u);
  EXPECT_TRUE(result->report.has_value());
}

TEST(Refill, NothingKeptMeansNoUpdate) {
  GrpoConfig config = small();
  config.filter_by = FilterBy::kReward;
  config.refill_rounds = 2;
  World world(config, grade_groups([](uint64_t) { return false; }));
  const Result<StepResult> result = world.step();
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->report.has_value());
  EXPECT_TRUE(world.learner.updates.empty());
  EXPECT_EQ(result->next.step, 1);
  EXPECT_EQ(result->next.cursor, 12u);
  EXPECT_EQ(result->stats.accuracy, 0);
}

TEST(TrainLoop, WithoutFilterZeroVarianceIsTrainedOn) {
  World world(small(), grade_groups([](uint64_t) { return false; }));
  const Result<StepResult> result = world.step();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->stats.groups_zero_variance, 4);
  EXPECT_EQ(result->stats.groups_kept, 4);
  EXPECT_TRUE(result->report.has_value());
}

TEST(TrainLoop, GroupsWithFailedChecksAreDroppedAndCounted) {
  World world(small(), fail_groups([](uint64_t serial) { return serial == 2; }));
  const Result<StepResult> result = world.step();
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(serials(*result, true), ElementsAre(0, 1, 3));
  EXPECT_EQ(result->stats.groups_dropped, 1);
  EXPECT_TRUE(result->groups[2].advantages.empty());
}

TEST(TrainLoop, TooManyDroppedGroupsStopTheRunUnlogged) {
  GrpoConfig config = small();
  config.max_dropped_share = .25;
  World allowed(config, fail_groups([](uint64_t serial) { return serial == 2; }));
  EXPECT_TRUE(allowed.step().ok());
  World broken(config, fail_groups([](uint64_t serial) { return serial >= 2; }));
  const Result<StepResult> result = broken.step();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kGuard);
  EXPECT_NE(result.error().message.find("2 of 4"), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find("answer: infra because"), std::string::npos) << result.error().message;
  EXPECT_TRUE(broken.learner.updates.empty());
  EXPECT_EQ(std::count(broken.log.calls.begin(), broken.log.calls.end(), "scores 0"), 0);
}

TEST(TrainLoop, StopFlagInterruptsBetweenSamples) {
  World world(small());
  int asked = 0;
  world.source.on_next = [&] { world.stop = ++asked == 5; };
  const Result<StepResult> result = world.step();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(asked, 5);
}

TEST(TrainLoop, StopFlagOfAnotherThreadInterruptsTheRun) {
  World world(small());
  std::thread stopper([&] { world.stop = true; });
  const Result<LoopState> state = run_steps(world.config, world.ports(), {}, 100'000);
  stopper.join();
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().code, ErrorCode::kInterrupted);
}

TEST(TrainLoop, SampleThatTheLogRefusesStopsTheRun) {
  World world(small());
  world.log.reject = [](const FinishedSample& finished) { return finished.prompt->serial == 1; };
  const Result<StepResult> result = world.step();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kGuard);
}

TEST(TrainLoop, OnlyTheFirstUpdateOfARolloutIsOnPolicy) {
  GrpoConfig config = small();
  config.updates_per_rollout = 2;
  World world(config);
  ASSERT_TRUE(run_steps(config, world.ports(), {}, 2).ok());
  EXPECT_THAT(world.learner.first, ElementsAre(true, false, true, false));
}

TEST(TrainLoop, SecondsAddUpToTheStep) {
  World world(small());
  const Result<StepResult> result = world.step();
  ASSERT_TRUE(result.ok());
  const Seconds& seconds = result->stats.seconds;
  EXPECT_GT(seconds.sample, 0);
  EXPECT_GT(seconds.grade, 0);
  EXPECT_GT(seconds.train, 0);
  EXPECT_GE(seconds.step, seconds.sample + seconds.grade + seconds.train);
}

TEST(TrainLoopDeathTest, AnswerThatEndsTwiceIsABug) {
  GrpoConfig config = small();
  World world(config);
  config.group_size = 2;  // the source has groups of three
  EXPECT_DEATH((void)grpo_step(config, world.ports(), {}), "i < group_size_");
}

}  // namespace
}  // namespace hone::rl
