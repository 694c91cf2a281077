#include "trainer/checkpoint.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/trainer/checkpoint_fixture.h"
#include "trainer/manifest.h"
#include "trainer/verify.h"

namespace hone::trainer {
namespace {

using testing::TempDir;
using Names = std::vector<std::string>;

Names list_names(const TempDir& run) { return names_of(*list_checkpoints(run.path())); }
Names raw_names(const TempDir& run) { return *list_directory(run.file("checkpoints")); }

TEST(Checkpoint, GivesBackWhatWasSaved) {
  const TempDir run;
  const SmallState state(2);
  const CheckpointContents contents = state.contents("zero", 7);
  const CheckpointInfo info = *save_checkpoint(run.path(), contents);
  const Result<LoadedCheckpoint> loaded = load_checkpoint(info.path);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ(loaded->info.stage, "zero");
  EXPECT_EQ(loaded->info.step, 7);
  EXPECT_EQ(loaded->info.sha256, info.sha256);
  EXPECT_EQ(loaded->optimizer_step, 7);
  EXPECT_EQ(loaded->state, contents.state);
  EXPECT_EQ(loaded->offsets, contents.offsets);
  EXPECT_TRUE(std::ranges::equal(loaded->model.find("w")->bytes(), std::as_bytes(std::span(state.weight))));
  EXPECT_TRUE(
      std::ranges::equal(loaded->optimizer.find("exp_avg_sq.w")->bytes(), std::as_bytes(std::span(state.second))));
  EXPECT_EQ(*read_file(join_path(info.path, "config.json")), "{\"hidden_size\": 3}\n");
}

TEST(Checkpoint, HashIsTheSameForEveryShardSize) {
  const TempDir one, two;
  const SmallState state(2);
  CheckpointContents contents = state.contents("zero", 1);
  const CheckpointInfo whole = *save_checkpoint(one.path(), contents);
  contents.max_shard_bytes = 8;
  const Result<CheckpointInfo> cut = save_checkpoint(two.path(), contents);
  ASSERT_TRUE(cut.ok()) << cut.error().to_string();
  EXPECT_TRUE(path_exists(join_path(cut->path, "model-00002-of-00002.safetensors")));
  EXPECT_TRUE(path_exists(join_path(cut->path, "model.safetensors.index.json")));
  EXPECT_EQ(cut->sha256, whole.sha256);
  const CheckpointStatus status = verify_checkpoint(cut->path);
  EXPECT_TRUE(status.ok) << status.problem;
  flip_bit(join_path(cut->path, "model-00001-of-00002.safetensors"), 700);
  EXPECT_FALSE(verify_checkpoint(cut->path).ok);
}

TEST(Checkpoint, MastersCountInThePlaceOfRoundedWeights) {
  const TempDir run, plain;
  const SmallState state(1.001f);
  CheckpointContents contents = state.contents("zero", 1);
  const std::string exact = save_checkpoint(plain.path(), contents)->sha256;
  contents.masters = {contents.weights[0]};
  std::vector<uint16_t> rounded(state.weight.size());
  policy::to_bf16(state.weight.data(), static_cast<int64_t>(rounded.size()), rounded.data());
  contents.weights[0] = policy::as_it_is({"w", policy::DType::kBF16, {2, 3}, rounded.data()});
  const CheckpointInfo saved = *save_checkpoint(run.path(), contents);
  EXPECT_EQ(saved.sha256, exact);
  const Result<LoadedCheckpoint> loaded = load_checkpoint(saved.path);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ(loaded->model.find("w")->dtype, policy::DType::kBF16);
  EXPECT_TRUE(std::ranges::equal(loaded->optimizer.find("master.w")->bytes(), std::as_bytes(std::span(state.weight))));
}

TEST(Checkpoint, LivesInADirectoryNamedByStageAndStep) {
  const TempDir run;
  EXPECT_EQ(save_small(run.path(), "cold-start", 12).path, run.file("checkpoints/cold-start-12"));
  EXPECT_EQ(raw_names(run), Names{"cold-start-12"});
}

TEST(Checkpoint, RefusesNamesThatLeaveItsDirectory) {
  const TempDir run;
  const SmallState state(1);
  CheckpointContents contents = state.contents("zero", 1);
  contents.extra_files.emplace_back("../evil", "x");
  EXPECT_FALSE(save_checkpoint(run.path(), contents).ok());
  EXPECT_FALSE(save_checkpoint(run.path(), state.contents("a/b", 1)).ok());
}

TEST(StateHash, DependsOnEveryPartAndNotOnTheOrder) {
  const SmallState state(1), other(2);
  const CheckpointContents base = state.contents("zero", 1);
  const auto hash = [](const CheckpointContents& c) { return state_sha256(c); };
  CheckpointContents reordered = base, renamed = base, reshaped = base, stepped = base, swapped = base;
  std::swap(reordered.weights[0], reordered.weights[1]);
  EXPECT_EQ(hash(reordered), hash(base));
  renamed.weights[0].name = "v";
  reshaped.weights[0].shape = {3, 2};
  stepped.optimizer_step = 2;
  swapped.moments[0].write = other.contents("zero", 1).moments[0].write;
  for (const CheckpointContents& changed : {renamed, reshaped, stepped, swapped}) EXPECT_NE(hash(changed), hash(base));
}

TEST(StateHash, IsEqualForEqualStatesOfDifferentRuns) {
  const TempDir a, b;
  save_small(b.path(), "zero", 1);
  EXPECT_EQ(save_small(a.path(), "zero", 2).sha256, save_small(b.path(), "zero", 2).sha256);
}

const std::vector<ManifestFile> kNeededFiles = {{"model.safetensors"}, {"optimizer.safetensors"}, {"state.json"}};

TEST(Manifest, RefusesAnyOtherTextOfTheSameMeaning) {
  const TempDir dir;
  const Manifest manifest{"zero", 1, 1, 1, "00", {}, kNeededFiles};
  const std::string text = render_manifest(manifest);
  overwrite(dir.file("manifest.json"), text);
  EXPECT_TRUE(read_manifest(dir.path()).ok());
  overwrite(dir.file("manifest.json"), text + "\n");
  EXPECT_FALSE(read_manifest(dir.path()).ok());
}

TEST(Manifest, RefusesFilesOutsideItsDirectory) {
  const TempDir dir;
  Manifest manifest{"zero", 1, 1, 1, "00", {}, kNeededFiles};
  manifest.files.push_back({"../../etc/passwd"});
  overwrite(dir.file("manifest.json"), render_manifest(manifest));
  EXPECT_EQ(read_manifest(dir.path()).error().message, "does not describe a checkpoint");
}

TEST(ListCheckpoints, FollowsTheOrderInWhichTheyWereMade) {
  const TempDir run;
  EXPECT_TRUE(list_names(run).empty());
  for (int64_t step : {9, 10}) save_small(run.path(), "zero", step);
  save_small(run.path(), "base", 300);
  EXPECT_EQ(list_names(run), (Names{"zero-9", "zero-10", "base-300"}));
}

TEST(ListCheckpoints, PlacesAnUnreadableOneByItsStep) {
  const TempDir run;
  for (int64_t step : {8, 9, 10}) save_small(run.path(), "zero", step);
  overwrite(run.file("checkpoints/zero-9/manifest.json"), "");
  EXPECT_EQ(list_names(run), (Names{"zero-8", "zero-9", "zero-10"}));
  overwrite(run.file("checkpoints/zero-10/manifest.json"), "");
  EXPECT_EQ(list_names(run), (Names{"zero-8", "zero-9", "zero-10"}));
}

TEST(ListCheckpoints, IgnoresOtherNames) {
  const TempDir run;
  save_small(run.path(), "zero", 1);
  for (const char* name : {"notes", ".tmp-zero-2", "zero-x", "-3"}) {
    ASSERT_TRUE(make_directories(run.file(std::string("checkpoints/") + name)).ok());
  }
  overwrite(run.file("checkpoints/zero-4"), "a file");
  EXPECT_EQ(list_names(run), Names{"zero-1"});
}

TEST(LatestGood, FallsBackAndNamesWhatItSkips) {
  const TempDir run;
  for (int64_t step : {1, 2, 3}) save_small(run.path(), "zero", step);
  flip_bit(run.file("checkpoints/zero-3/optimizer.safetensors"), 77);
  overwrite(run.file("checkpoints/zero-2/manifest.json"), "{}");
  Names problems;
  const auto note = [&problems](const CheckpointStatus& status) { problems.push_back(status.problem); };
  const Result<LoadedCheckpoint> loaded = latest_good(run.path(), note);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->info.step, 1);
  EXPECT_EQ(problems, (Names{run.file("checkpoints/zero-3/optimizer.safetensors: checksum does not match"),
                             run.file("checkpoints/zero-2/manifest.json: checksum does not match")}));
}

TEST(LatestGood, TellsNoCheckpointFromNoGoodOne) {
  const TempDir run;
  const auto ignore = [](const CheckpointStatus&) {};
  EXPECT_EQ(latest_good(run.path(), ignore).error().code, ErrorCode::kNotFound);
  save_small(run.path(), "zero", 1);
  flip_bit(run.file("checkpoints/zero-1/state.json"), 1);
  EXPECT_EQ(latest_good(run.path(), ignore).error().code, ErrorCode::kCorrupt);
}

TEST(SaveCheckpoint, ReplacesADamagedOneOfTheSameStep) {
  const TempDir run;
  const CheckpointInfo first = save_small(run.path(), "zero", 1);
  flip_bit(join_path(first.path, "model.safetensors"), 9);
  const CheckpointInfo second = save_small(run.path(), "zero", 1);
  EXPECT_TRUE(verify_checkpoint(first.path).ok);
  EXPECT_EQ(second.sha256, first.sha256);
  EXPECT_EQ(raw_names(run), Names{"zero-1"});
}

TEST(SetAside, TakesACheckpointOutOfTheList) {
  const TempDir run;
  for (int64_t step : {1, 2}) save_small(run.path(), "zero", step);
  ASSERT_TRUE(set_aside(run.file("checkpoints/zero-2")).ok());
  EXPECT_EQ(list_names(run), Names{"zero-1"});
  EXPECT_EQ(raw_names(run), (Names{".damaged-zero-2", "zero-1"}));
}

TEST(Retention, KeepsTheLastAndTheEndsOfEachStage) {
  const TempDir run;
  for (int64_t step : {1, 2, 3, 4}) save_small(run.path(), "base", step);
  for (int64_t step : {1, 2, 3, 4, 5}) save_small(run.path(), "zero", step);
  EXPECT_EQ(names_of(*apply_retention(run.path(), 2, {})), (Names{"base-2", "base-3", "zero-2", "zero-3"}));
  EXPECT_EQ(raw_names(run), (Names{"base-1", "base-4", "zero-1", "zero-4", "zero-5"}));
}

TEST(Retention, SparesProtectedAndUnreadableOnes) {
  const TempDir run;
  for (int64_t step : {1, 2, 3, 4, 5}) save_small(run.path(), "zero", step);
  overwrite(run.file("checkpoints/zero-3/manifest.json"), "");
  const Names protected_paths = {run.file("checkpoints/zero-2/")};
  EXPECT_EQ(names_of(*apply_retention(run.path(), 1, protected_paths)), Names{"zero-4"});
}

TEST(CleanLeftovers, RemovesTemporaryNamesOnly) {
  const TempDir run;
  save_small(run.path(), "zero", 1);
  ASSERT_TRUE(make_directories(run.file("checkpoints/.tmp-zero-2/deep")).ok());
  ASSERT_TRUE(make_directories(run.file("rollouts/zero")).ok());
  overwrite(run.file("rollouts/zero/.tmp-step-1.jsonl"), "x");
  overwrite(run.file("rollouts/zero/step-1.jsonl"), "x");
  ASSERT_TRUE(clean_leftovers(run.path()).ok());
  EXPECT_EQ(raw_names(run), Names{"zero-1"});
  EXPECT_EQ(*list_directory(run.file("rollouts/zero")), Names{"step-1.jsonl"});
  EXPECT_TRUE(verify_checkpoint(run.file("checkpoints/zero-1")).ok);
}

// A save whose files may not grow past `bytes`: the k-th file is the first that does not fit.
bool save_fails_cleanly(const std::string& run_dir, rlim_t bytes) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const SmallState state(2);
    const Result<CheckpointInfo> info = save_checkpoint(run_dir, state.contents("zero", 2));
    ::_exit(!info.ok() && info.error().code == ErrorCode::kIo ? 0 : 1);
  }
  int status = 1;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

TEST(SaveCheckpoint, LeavesNothingAndHarmsNothingWhenTheDiskIsFull) {
  const TempDir run;
  save_small(run.path(), "zero", 1);
  for (rlim_t bytes : {0, 1, 100, 500}) {
    EXPECT_TRUE(save_fails_cleanly(run.path(), bytes)) << bytes;
    EXPECT_EQ(raw_names(run), Names{"zero-1"});
    EXPECT_TRUE(verify_checkpoint(run.file("checkpoints/zero-1")).ok);
  }
}

TEST(VerifyTarget, ReportsARunInTheNamesOfTheInterface) {
  const TempDir run;
  const CheckpointInfo info = save_small(run.path(), "zero", 1);
  const Result<VerifyReport> report = verify_target(run.path());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok());
  const nlohmann::json expected = {
      {"checkpoints",
       {{{"path", info.path}, {"stage", "zero"}, {"step", 1}, {"sha256", info.sha256}, {"ok", true}}}},
      {"journal", {{"records", 0}, {"ok", true}}}};
  EXPECT_EQ(report->to_json(), expected);
}

TEST(VerifyTarget, TakesASingleCheckpoint) {
  const TempDir run;
  const CheckpointInfo info = save_small(run.path(), "zero", 1);
  EXPECT_EQ(verify_target(info.path + "/")->checkpoints.at(0).path, info.path);
  EXPECT_EQ(verify_target(run.file("missing")).error().code, ErrorCode::kNotFound);
}

TEST(VerifyTarget, NoticesAJournalShorterThanACheckpointNeeds) {
  const TempDir run;
  const SmallState state(1);
  CheckpointContents contents = state.contents("zero", 1);
  contents.offsets["journal"] = 100;
  ASSERT_TRUE(save_checkpoint(run.path(), contents).ok());
  EXPECT_FALSE(verify_target(run.path())->journal.ok);
}

}  // namespace
}  // namespace hone::trainer
