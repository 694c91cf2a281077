// Every damage to a checkpoint is refused with the name of the damaged file.
#include <gtest/gtest.h>

#include "tests/trainer/checkpoint_fixture.h"
#include "trainer/checkpoint.h"
#include "trainer/verify.h"

namespace hone::trainer {
namespace {

using testing::TempDir;

class CheckpointDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = save_small(dir_.path(), "zero", 3).path;
    files_ = *list_directory(path_);
    ASSERT_EQ(files_.size(), 6u);
  }

  std::string file(const std::string& name) const { return join_path(path_, name); }

  // The status must name the file and be bad.
  ::testing::AssertionResult refused(const std::string& name) const {
    const CheckpointStatus status = verify_checkpoint(path_);
    const bool named = status.problem.find(file(name)) == 0 && status.stage == "zero" && status.step == 3;
    if (!status.ok && named) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << (status.ok ? "accepted" : status.problem);
  }

  const TempDir dir_;
  std::string path_;
  std::vector<std::string> files_;
};

TEST_F(CheckpointDamage, EveryBitFlipOfEveryFileIsRefused) {
  for (const std::string& name : files_) {
    const size_t bits = static_cast<size_t>(*file_size(file(name))) * 8;
    for (size_t bit = 0; bit < bits; ++bit) {
      flip_bit(file(name), bit);
      ASSERT_TRUE(refused(name)) << name << " bit " << bit;
      flip_bit(file(name), bit);
    }
  }
  EXPECT_TRUE(verify_checkpoint(path_).ok);
}

TEST_F(CheckpointDamage, EveryTruncationOfEveryFileIsRefused) {
  for (const std::string& name : files_) {
    const std::string content = *read_file(file(name));
    for (size_t length = 0; length < content.size(); ++length) {
      overwrite(file(name), content.substr(0, length));
      ASSERT_TRUE(refused(name)) << name << " cut to " << length;
    }
    overwrite(file(name), content + "\n");
    ASSERT_TRUE(refused(name)) << name << " with a byte more";
    overwrite(file(name), content);
  }
}

TEST_F(CheckpointDamage, EveryMissingFileIsRefused) {
  for (const std::string& name : files_) {
    ASSERT_TRUE(rename_path(file(name), dir_.file("away")).ok());
    EXPECT_TRUE(refused(name)) << name;
    ASSERT_TRUE(rename_path(dir_.file("away"), file(name)).ok());
  }
}

TEST_F(CheckpointDamage, AFileOfAnotherCheckpointIsRefused) {
  const std::string other = save_small(dir_.path(), "zero", 4).path;
  for (const std::string name : {"model.safetensors", "optimizer.safetensors", "state.json"}) {
    const std::string content = *read_file(file(name));
    overwrite(file(name), *read_file(join_path(other, name)));
    EXPECT_TRUE(refused(name)) << name;
    overwrite(file(name), content);
  }
}

TEST_F(CheckpointDamage, AManifestOfAnotherCheckpointIsRefused) {
  const std::string other = save_small(dir_.path(), "zero", 4).path;
  overwrite(file("manifest.json"), *read_file(join_path(other, "manifest.json")));
  EXPECT_FALSE(verify_checkpoint(path_).ok);
}

TEST_F(CheckpointDamage, AHashThatIsNotThatOfTheTensorsIsRefused) {
  const SmallState state(3);
  CheckpointContents contents = state.contents("zero", 3);
  contents.state_sha256 = std::string(64, '0');
  ASSERT_TRUE(save_checkpoint(dir_.path(), contents).ok());
  EXPECT_TRUE(refused("manifest.json"));
}

TEST_F(CheckpointDamage, LoadingRefusesWhatVerifyingRefuses) {
  flip_bit(file("tokenizer.json"), 0);
  const Result<LoadedCheckpoint> loaded = load_checkpoint(path_);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(loaded.error().file, file("tokenizer.json"));
}

TEST_F(CheckpointDamage, VerifyReportsItInTheRun) {
  save_small(dir_.path(), "zero", 4);
  flip_bit(file("model.safetensors"), 100);
  const Result<VerifyReport> report = verify_target(dir_.path());
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->ok());
  const nlohmann::json json = report->to_json();
  EXPECT_EQ(json["checkpoints"][0]["ok"], false);
  EXPECT_EQ(json["checkpoints"][0]["problem"], file("model.safetensors") + ": checksum does not match");
  EXPECT_EQ(json["checkpoints"][1]["ok"], true);
  EXPECT_FALSE(json["checkpoints"][1].contains("problem"));
}

}  // namespace
}  // namespace hone::trainer
