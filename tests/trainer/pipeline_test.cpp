// What a whole run computes, and that it computes the same however it is sampled.
#include "trainer/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "tests/support/tiny_run.h"

namespace hone::trainer {
namespace {

using ::testing::HasSubstr;

std::vector<std::tuple<std::string, int64_t>> stage_steps(const std::vector<nlohmann::json>& rows) {
  std::vector<std::tuple<std::string, int64_t>> out;
  for (const nlohmann::json& row : rows) out.emplace_back(row.at("stage"), row.at("step"));
  return out;
}

std::vector<nlohmann::json> rows_of(const TinyRun& run, const std::string& stage) {
  std::vector<nlohmann::json> out;
  for (nlohmann::json& row : run.rows())
    if (row.at("stage") == stage) out.push_back(std::move(row));
  return out;
}

TEST(Pipeline, EachStepHasOneRow) {
  TinyRun run({kShortBase});
  run.finish();
  const std::vector<std::tuple<std::string, int64_t>> all = {{"base", 1}, {"base", 2}, {"base", 3}, {"zero", 1},
                                                             {"zero", 2}, {"zero", 3}, {"zero", 4}};
  EXPECT_EQ(stage_steps(run.rows()), all);
}

TEST(Pipeline, RowsHoldTheDocumentedMetrics) {
  TinyRun run({"stages.zero.kl_coef=0.1"});
  run.finish();
  for (const nlohmann::json& row : rows_of(run, "base"))
    for (const char* name :
         {"kind", "time", "loss", "entropy", "grad_norm", "learning_rate", "tokens/trained", "seconds/step"})
      EXPECT_TRUE(row.contains(name)) << name;
  for (const nlohmann::json& row : rows_of(run, "zero")) {
    for (const char* name : {"loss",
                             "entropy",
                             "kl",
                             "grad_norm",
                             "reward/mean",
                             "reward/std",
                             "reward/answer",
                             "reward/format",
                             "accuracy",
                             "length/mean",
                             "length/max",
                             "length/truncated_rate",
                             "groups/kept",
                             "groups/zero_variance",
                             "groups/resampled",
                             "groups/dropped",
                             "clip/low",
                             "clip/high",
                             "parity/max_abs_diff",
                             "tokens/prompt",
                             "tokens/completion",
                             "tokens/trained",
                             "seconds/sample",
                             "seconds/grade", "seconds/grading",
                             "seconds/train",
                             "experts/max_load_ratio"}) {
      ASSERT_TRUE(row.contains(name) && row.at(name).is_number()) << name << " in " << row;
      EXPECT_TRUE(std::isfinite(row.at(name).get<double>())) << name;
    }
    EXPECT_EQ(row.contains("eval/rows/pass_at_1"), row.at("step").get<int>() % 2 == 0);
  }
}

TEST(Pipeline, GroupsOfTheTinyRunDiffer) {  // else the tests below would train on nothing
  TinyRun run;
  run.finish();
  double kept = 0;
  for (const nlohmann::json& row : rows_of(run, "zero"))
    kept += row.at("groups/kept").get<double>() - row.at("groups/zero_variance").get<double>();
  EXPECT_GT(kept, 0);
}

TEST(Pipeline, KlIsAbsentWithoutItsTermAndZeroInTheFirstStep) {
  TinyRun without, with({"stages.zero.kl_coef=0.1"});
  without.finish();
  with.finish();
  for (const nlohmann::json& row : rows_of(without, "zero")) EXPECT_FALSE(row.contains("kl"));
  const auto rows = rows_of(with, "zero");
  EXPECT_EQ(rows.front().at("kl"), 0);
  EXPECT_GT(rows.back().at("kl"), 0);
}

TEST(Pipeline, HowItIsSampledDoesNotChangeTheResult) {
  TinyRun reference;
  const std::string hash = reference.finish();
  ASSERT_FALSE(hash.empty());
  for (int threads : {1, 4}) EXPECT_EQ(TinyRun().finish({}, threads), hash) << threads << " threads";
  for (const char* argument : {"rollout.max_sequences=1", "rollout.max_sequences=5", "rollout.prefill_chunk=1",
                               "rollout.prefill_chunk=7", "rollout.cache_tokens=112"})
    EXPECT_EQ(TinyRun({argument}).finish(), hash) << argument;
}

TEST(Pipeline, AnotherSeedGivesAnotherResult) {
  EXPECT_NE(TinyRun({kShortBase}).finish(), TinyRun({kShortBase, "run.seed=4"}).finish());
}

struct Shape {
  std::string name;
  std::vector<std::string> arguments;
};

class Parity : public ::testing::TestWithParam<Shape> {};

TEST_P(Parity, IsZeroInEveryRow) {
  std::vector<std::string> arguments = GetParam().arguments;
  arguments.push_back(kShortBase);
  TinyRun run(arguments);
  run.finish();
  const auto rows = rows_of(run, "zero");
  ASSERT_EQ(rows.size(), 4);
  for (const nlohmann::json& row : rows) EXPECT_EQ(row.at("parity/max_abs_diff"), 0) << row;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Parity,
    ::testing::Values(Shape{"expanded", {}}, Shape{"absorbed", {"policy.mla=absorbed"}},
                    Shape{"dense", {"policy.experts=0"}}, Shape{"latent_queries", {"policy.q_lora_rank=6"}},
                    Shape{"prompt_repeated", {"stages.zero.share_prompt=false"}},
                    Shape{"small_batches", {"stages.zero.token_budget=24"}},
                    Shape{"hot", {"stages.zero.temperature=1.3"}}),
    [](const auto& info) { return info.param.name; });

TEST(Pipeline, ParityHoldsForGroupedQueries) {
  std::string yaml = kTinyRun;
  const size_t at = yaml.find("policy:"), end = yaml.find("rollout:");
  yaml.replace(at, end - at, "policy: {attention: gqa, hidden_size: 16, layers: 1, heads: 4, kv_heads: 2, head_dim: 4, "
                             "experts: 0, max_positions: 40}\n");
  TinyRun run({kShortBase}, yaml);
  run.finish();
  for (const nlohmann::json& row : rows_of(run, "zero")) EXPECT_EQ(row.at("parity/max_abs_diff"), 0) << row;
}

TEST(Pipeline, FilterRefillsGroupsThatDoNotDiffer) {
  TinyRun run({"stages.zero.filter.by=accuracy", "stages.zero.filter.refill_rounds=3"});
  run.finish();
  double resampled = 0;
  for (const nlohmann::json& row : rows_of(run, "zero")) {
    EXPECT_LE(row.at("groups/kept"), 3);
    resampled += row.at("groups/resampled").get<double>();
  }
  EXPECT_GT(resampled, 0);
}

TEST(Pipeline, EveryUpdateOfARolloutIsAnOptimizerStep) {
  TinyRun run({kShortBase, "stages.zero.updates_per_rollout=2"});
  run.finish();
  const auto checkpoint = latest_good(run.path(), [](const CheckpointStatus&) {});
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->optimizer_step, 8);
}

TEST(Pipeline, SftImitatesTheRowsOfAFile) {
  TinyRun run({"stages.base.kind=sft", "stages.base.steps=60", "stages.zero.steps=1"});
  run.finish();
  const auto rows = rows_of(run, "base");
  EXPECT_EQ(rows.front().at("kind"), "sft");
  EXPECT_LT(rows.back().at("loss").get<double>(), 0.5 * rows.front().at("loss").get<double>());
}

TEST(Pipeline, UntilEndsAfterThatStage) {
  TinyRun run({kShortBase});
  run.until = "base";
  run.finish();
  EXPECT_EQ(run.rows().size(), 3);
  run.until = "";
  run.finish();
  EXPECT_EQ(run.rows().size(), 7);
  EXPECT_EQ(run.hash(), TinyRun({kShortBase}).finish());
}

TEST(Pipeline, UntilAStageThatIsOverDoesNothing) {
  TinyRun run({kShortBase});
  Watcher watcher;
  watcher.stop_after = "zero-2";
  ASSERT_FALSE(run.start(watcher).ok());
  run.until = "base";
  Watcher again;
  const auto outcome = run.start(again);
  ASSERT_TRUE(outcome.ok()) << outcome.error().to_string();
  EXPECT_TRUE(again.steps.empty());
}

TEST(Pipeline, AFirstStageOfGrpoIsEvaluatedBeforeItsFirstStep) {
  std::string yaml = kTinyRun;
  const size_t at = yaml.find("  - name: base"), end = yaml.find("  - name: zero");
  yaml.erase(at, end - at);
  TinyRun run({}, yaml);
  const std::string hash = run.finish();
  ASSERT_EQ(run.rows().size(), 5);
  EXPECT_EQ(run.rows().front().at("step"), 0);
  EXPECT_TRUE(run.rows().front().contains("eval/rows/pass_at_1"));
  EXPECT_FALSE(hash.empty());
}

}  // namespace
}  // namespace hone::trainer
