// A run that is stopped and started again ends with the bits and the rows of one that never stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/tiny_run.h"
#include "tests/trainer/checkpoint_fixture.h"

namespace hone::trainer {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  std::string hash;
  std::vector<nlohmann::json> rows;
  bool operator==(const Outcome&) const = default;
};

Outcome result_of(const TinyRun& run) { return {run.hash(), run.lasting_rows()}; }

// Stops the run where the watcher says, then lets it go on to the end.
Outcome interrupted(const std::vector<std::string>& arguments, Watcher& watcher) {
  TinyRun run(arguments);
  const auto stopped = run.start(watcher);
  EXPECT_EQ(stopped.ok() ? ErrorCode::kIo : stopped.error().code, ErrorCode::kInterrupted);
  run.finish();
  return result_of(run);
}

void expect_resumes(const std::vector<std::string>& arguments, const std::vector<std::string>& moments) {
  TinyRun whole(arguments);
  whole.finish();
  const Outcome reference = result_of(whole);
  for (const std::string& moment : moments) {
    Watcher watcher;
    watcher.stop_after = moment;
    const Outcome found = interrupted(arguments, watcher);
    EXPECT_EQ(found.hash, reference.hash) << "stopped after " << moment;
    EXPECT_EQ(found.rows, reference.rows) << "stopped after " << moment;
  }
}

TEST(PipelineResume, AfterAnyStep) {
  expect_resumes({"stages.base.steps=4", "stages.zero.steps=3"},
                 {"base-1", "base-2", "base-3", "base-4", "zero-1", "zero-2"});
}

TEST(PipelineResume, InsideTheStageOfATrainedModel) { expect_resumes({}, {"base-17", "zero-1", "zero-3"}); }

TEST(PipelineResume, WithAReference) { expect_resumes({"stages.zero.kl_coef=0.1"}, {"zero-1", "zero-3"}); }

TEST(PipelineResume, WithRefilledGroups) {
  expect_resumes({"stages.zero.filter.by=accuracy", "stages.zero.filter.refill_rounds=2"},
                 {"zero-1", "zero-2", "zero-3"});
}

TEST(PipelineResume, WithTwoUpdatesARollout) {
  expect_resumes({"stages.zero.updates_per_rollout=2"}, {"zero-1", "zero-3"});
}

TEST(PipelineResume, WithFewCheckpoints) {
  expect_resumes({kShortBase, "stages.zero.checkpoint_every=3", "stages.zero.updates_per_rollout=2"},
                 {"zero-1", "zero-2"});
}

TEST(PipelineResume, InsideAnEvaluation) {
  TinyRun whole({kShortBase});
  whole.finish();
  for (const char* step : {"zero-2", "zero-4"}) {
    Watcher watcher;
    watcher.stop_before_row_of = step;
    const Outcome found = interrupted({kShortBase}, watcher);
    EXPECT_EQ(found.hash, result_of(whole).hash) << step;
    EXPECT_EQ(found.rows, result_of(whole).rows) << step;
  }
}

TEST(PipelineResume, WithOtherThreadsAndSampling) {
  TinyRun run({kShortBase});
  Watcher watcher;
  watcher.stop_after = "zero-2";
  ASSERT_FALSE(run.start(watcher, {}, 1).ok());
  EXPECT_EQ(run.finish({"rollout.max_sequences=3", "rollout.prefill_chunk=5"}, 3), TinyRun({kShortBase}).finish());
}

TEST(PipelineResume, AFinishedRunStaysAsItIs) {
  TinyRun run({kShortBase});
  run.finish();
  const Outcome before = result_of(run);
  Watcher watcher;
  ASSERT_TRUE(run.start(watcher).ok());
  EXPECT_TRUE(watcher.steps.empty());
  EXPECT_EQ(result_of(run), before);
}

TEST(PipelineResume, TheFirstEventNamesTheFirstStepThatIsExecuted) {
  for (const auto& [stop, stage, step] :
       {std::tuple{"zero-2", "zero", 3}, {"base-3", "zero", 1}, {"base-2", "base", 3}}) {
    TinyRun run({kShortBase});
    Watcher first, second;
    first.stop_after = stop;
    ASSERT_FALSE(run.start(first).ok());
    ASSERT_TRUE(run.start(second).ok());
    const auto events = run.rows("events.jsonl");
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.front().at("event"), "resume");
    EXPECT_EQ(events.front().at("stage"), stage) << stop;
    EXPECT_EQ(events.front().at("step"), step) << stop;
    EXPECT_EQ(second.steps.front(), str(stage, "-", step));
  }
}

TEST(PipelineResume, ADamagedNewestCheckpointIsReplacedByTheOneBefore) {
  TinyRun run({kShortBase}), whole({kShortBase});
  whole.finish();
  Watcher first, second;
  first.stop_after = "zero-3";
  ASSERT_FALSE(run.start(first).ok());
  flip_bit(run.path() + "/checkpoints/zero-3/model.safetensors", 8 * 2000);
  const auto outcome = run.start(second);
  ASSERT_TRUE(outcome.ok()) << outcome.error().to_string();
  ASSERT_EQ(second.events.size(), 2);
  EXPECT_EQ(second.events[0].first, "resume");
  EXPECT_EQ(second.events[1].first, "fallback");
  EXPECT_THAT(second.events[1].second, HasSubstr("zero-3"));
  EXPECT_EQ(second.steps.front(), "zero-3");
  EXPECT_EQ(result_of(run), result_of(whole));
}

TEST(PipelineResume, IsRefusedWithEveryChangeOfTheConfiguration) {
  TinyRun run({kShortBase});
  Watcher watcher;
  watcher.stop_after = "zero-2";
  ASSERT_FALSE(run.start(watcher).ok());
  const std::string before = run.hash();
  const auto refused = run.start({"stages.zero.learning_rate=1e-3", "policy.heads=1"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("stages.zero.learning_rate"));
  EXPECT_THAT(refused.error().message, HasSubstr("policy.heads"));
  EXPECT_EQ(run.hash(), before);
}

TEST(PipelineResume, MoreStepsGoOnAsIfTheyHadBeenAskedForAtOnce) {
  TinyRun longer({kShortBase});
  ASSERT_TRUE(longer.start({"stages.zero.steps=2"}).ok());
  EXPECT_EQ(longer.finish(), TinyRun({kShortBase}).finish());
}

TEST(PipelineResume, ASecondRunInTheSameDirectoryIsRefused) {
  struct Intruder : Watcher {
    void step_done(const StageConfig&, const StepProgress&) override {
      if (!outcome) outcome.emplace(run->start());
    }
    TinyRun* run = nullptr;
    std::optional<Result<RunOutcome>> outcome;
  };
  TinyRun run({kShortBase});
  Intruder intruder;
  intruder.run = &run;
  ASSERT_TRUE(run.start(intruder).ok());
  ASSERT_TRUE(intruder.outcome && !intruder.outcome->ok());
  EXPECT_EQ(intruder.outcome->error().code, ErrorCode::kInUse);
}

}  // namespace
}  // namespace hone::trainer
