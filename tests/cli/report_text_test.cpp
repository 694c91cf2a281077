#include "cli/report_text.h"

#include <gtest/gtest.h>

#include "cli/terminal_observer.h"

namespace hone::cli {
namespace {

using trainer::StageConfig;
using trainer::StageKind;

TEST(Grouped, SeparatesThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-123456), "-123,456");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(ClockText, CountsHoursOnlyWhereThereAreSome) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(59.6), "1:00");
  EXPECT_EQ(clock_text(3600), "1:00:00");
  EXPECT_EQ(clock_text(-1), "0:00");
}

TEST(StageTable, ShowsWhatIsKnownAndTheChangeByGrpo) {
  const std::string table = stage_table(
      {{.stage = "base", .kind = "pretrain", .tokens = 1e6, .eval = {{"k", 8}, {"pass_at_1", 0.2}, {"length_mean", 7}}},
       {.stage = "zero", .kind = "grpo", .eval = {{"k", 8}, {"pass_at_1", 0.96}, {"length_mean", 21}}}});
  EXPECT_NE(table.find("pass@8"), table.npos);
  EXPECT_NE(table.find("1,000,000"), table.npos);
  EXPECT_NE(table.find("zero: pass@1 0.200 -> 0.960, mean length 7.0 -> 21.0 tokens, format"), table.npos);
}

TEST(StageTable, DoesNotNameAKThatDiffers) {
  const std::string table = stage_table({{.stage = "a", .eval = {{"k", 8}}}, {.stage = "b", .eval = {{"k", 4}}}});
  EXPECT_NE(table.find("pass@k"), table.npos);
}

trainer::RunConfig corpus_and_grpo(double share) {
  trainer::RunConfig config;
  config.stages.resize(2);
  config.stages[0].name = "base";
  config.stages[0].data.task = "sum";
  config.stages[0].data.chain_share = config.stages[0].data.chain_share_late = share;
  config.stages[1].kind = StageKind::kGrpo;
  return config;
}

TEST(OriginOfChains, IsSaidOfAGeneratedCorpusBeforeGrpo) {
  EXPECT_NE(origin_of_chains(corpus_and_grpo(0.5)).find("50 % of its answers"), std::string::npos);
  EXPECT_NE(origin_of_chains(corpus_and_grpo(0)).find("no worked chains"), std::string::npos);
  trainer::RunConfig without_grpo = corpus_and_grpo(0.5);
  without_grpo.stages.pop_back();
  EXPECT_EQ(origin_of_chains(without_grpo), "");
  trainer::RunConfig from_file = corpus_and_grpo(0.5);
  from_file.stages[0].data.task = "";
  EXPECT_EQ(origin_of_chains(from_file), "");
}

TEST(ProgressText, LeavesOutWhatAStepDoesNotHave) {
  StageConfig stage;
  stage.name = "zero";
  stage.kind = StageKind::kGrpo;
  trainer::StepProgress progress{.step = 12, .steps = 50, .tokens_per_second = 18312.4, .seconds_left = 42,
                                 .metrics = {{"reward/mean", 0.5341}, {"loss", 0.01}}};
  EXPECT_EQ(progress_text(stage, progress), "zero 12/50  0:42 left  reward 0.534  18,312 tokens/s");
  stage.kind = StageKind::kPretrain;
  EXPECT_EQ(progress_text(stage, progress), "zero 12/50  0:42 left  loss 0.0100  18,312 tokens/s");
}

}  // namespace
}  // namespace hone::cli
