#include "trainer/stage_data.h"

#include <gmock/gmock.h>

#include "tests/support/tiny_run.h"

namespace hone::trainer {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kEpochs = {"stages.base.steps=null", "stages.base.epochs=2"};

// The first `count` of the 24 rows.
void write_rows(const TinyRun& run, int count) {
  std::istringstream all(tiny_rows());
  std::ofstream out(run.file("rows.jsonl"));
  std::string line;
  for (int i = 0; i < count && std::getline(all, line); ++i) out << line << "\n";
}

std::vector<nlohmann::json> base_rows(const TinyRun& run) {
  std::vector<nlohmann::json> rows = run.rows();
  std::erase_if(rows, [](const nlohmann::json& row) { return row.at("stage") != "base"; });
  return rows;
}

TEST(StageData, EpochsAreWholePassesAndTheLastStepIsWhatIsLeft) {
  TinyRun run(kEpochs);
  write_rows(run, 10);
  run.until = "base";
  run.finish();
  const auto rows = base_rows(run);  // 20 rows, 16 a step
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("tokens/trained").get<double>(), 4 * rows[1].at("tokens/trained").get<double>());
}

TEST(StageData, EpochsResumeToTheSameBits) {
  TinyRun whole(kEpochs), stopped(kEpochs);
  const std::string hash = whole.finish();
  Watcher watcher;
  watcher.stop_after = "base-2";
  EXPECT_EQ(stopped.start(watcher).error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(stopped.finish(), hash);
}

TEST(StageData, ChangedFilesAreRefused) {
  TinyRun run({kShortBase});
  run.until = "base";
  run.finish();
  write_rows(run, 23);
  const auto again = run.start();
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message, HasSubstr("stages.base.data.sha256: the data files have changed: "));
  EXPECT_EQ(again.error().message.find("zero"), std::string::npos) << "a stage that has not begun may change";
}

TEST(StageData, APinnedHashIsKept) {
  TinyRun run({kShortBase, "stages.base.data.sha256=00"});
  const auto started = run.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().field, "stages.base.data.path");
  EXPECT_THAT(started.error().message, HasSubstr(", not 00"));
}

TEST(StageData, RowsThatAreTooLongAreLeftOutAndCounted) {
  TinyRun run({kShortBase, "stages.base.data.too_long=drop", "stages.base.data.max_tokens=14"});
  std::ofstream(run.file("rows.jsonl"), std::ios::app)
      << R"({"prompt": "00000000+0=", "gold": "1", "completion": "<think>1</think><answer>1</answer>"})" << "\n";
  run.until = "base";
  Watcher watcher;
  ASSERT_TRUE(run.start(watcher).ok());
  ASSERT_EQ(watcher.events.size(), 1u);
  EXPECT_EQ(watcher.events[0].first, "left_out");
  EXPECT_THAT(watcher.events[0].second, HasSubstr("1 of 25 rows of "));
}

}  // namespace
}  // namespace hone::trainer
