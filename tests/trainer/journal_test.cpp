#include "trainer/journal.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/trainer/checkpoint_fixture.h"

namespace hone::trainer {
namespace {

using testing::TempDir;

rl::Sample sample_of(uint32_t index, rl::Token token = 5) {
  return {index, {token, 6}, {-0.5f, -1.0f}, {0.1f, 0.2f}, "ab", rl::FinishReason::kStop, 0};
}

const std::vector<rl::Component> kVerdicts = {{"answer", rl::Verdict::kCorrect, 1.0, ""},
                                              {"format", rl::Verdict::kScored, 0.1 + 0.2, "bytes \xff\0 too"}};

// One group of two samples in each step, committed step by step.
void write_step(Journal& journal, int64_t step) {
  const uint64_t serial = static_cast<uint64_t>(step);
  EXPECT_TRUE(journal.note_group(step, serial).ok());
  for (uint32_t index : {0u, 1u}) {
    EXPECT_TRUE(journal.note_sample(serial, sample_of(index)).ok());
    EXPECT_TRUE(journal.note_verdicts(serial, index, kVerdicts).ok());
  }
  EXPECT_TRUE(journal.commit().ok());
  EXPECT_TRUE(journal.note_step(step, serial + 1, "hash").ok());
  EXPECT_TRUE(journal.commit().ok());
}

constexpr int64_t kRecordsOfStep = 8;

Journal open_at(const std::string& path, uint64_t first_serial, int64_t first_step) {
  Result<Journal> journal = Journal::open(path);
  EXPECT_TRUE(journal.ok());
  EXPECT_TRUE(journal->begin_stage("zero", first_serial, first_step).ok());
  return std::move(journal).value();
}

void write_steps(const std::string& path, int64_t count) {
  Journal journal = open_at(path, 0, 0);
  for (int64_t step = 0; step < count; ++step) write_step(journal, step);
}

TEST(Journal, GivesBackVerdictsToTheLastBit) {
  const TempDir dir;
  write_steps(dir.file("journal"), 1);
  const Journal journal = open_at(dir.file("journal"), 0, 0);
  const std::vector<rl::Component>* found = journal.find_verdicts(0, 1);
  ASSERT_NE(found, nullptr);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[1].name, "format");
  EXPECT_EQ((*found)[1].verdict, rl::Verdict::kScored);
  EXPECT_EQ((*found)[1].score, 0.1 + 0.2);
  EXPECT_EQ((*found)[1].reason, kVerdicts[1].reason);
  EXPECT_EQ(journal.find_verdicts(0, 2), nullptr);
}

TEST(Journal, WritesRepeatedWorkOnlyOnce) {
  const TempDir dir;
  write_steps(dir.file("journal"), 2);
  const int64_t size = *file_size(dir.file("journal"));
  Journal journal = open_at(dir.file("journal"), 1, 1);
  write_step(journal, 1);
  EXPECT_EQ(journal.offset(), size);
  write_step(journal, 2);
  EXPECT_EQ(verify_journal(dir.file("journal")).records, 3 * kRecordsOfStep);
}

TEST(Journal, RefusesWorkThatDiffersFromWhatItHolds) {
  const TempDir dir;
  write_steps(dir.file("journal"), 2);
  Journal journal = open_at(dir.file("journal"), 1, 1);
  rl::Sample other_logprob = sample_of(0), other_finish = sample_of(0);
  other_logprob.logprobs[1] = std::nextafter(-1.0f, 0.0f);
  other_finish.finish = rl::FinishReason::kLength;
  std::vector<rl::Component> other_score = kVerdicts, fewer = {kVerdicts[0]};
  other_score[1].score = 0.3;
  const Result<void> results[] = {journal.note_group(2, 1),
                                  journal.note_sample(1, sample_of(0, 4)),
                                  journal.note_sample(1, other_logprob),
                                  journal.note_sample(1, other_finish),
                                  journal.note_verdicts(1, 0, other_score),
                                  journal.note_verdicts(1, 0, fewer),
                                  journal.note_step(1, 2, "another hash"),
                                  journal.note_step(1, 3, "hash")};
  for (const Result<void>& result : results) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kGuard);
  }
  EXPECT_EQ(results[1].error().message,
            "stage zero, sample 0 of group 1 differs from the journal: the run does not repeat itself");
}

TEST(Journal, HoldsOnlyWhatComesAfterTheCheckpoint) {
  const TempDir dir;
  write_steps(dir.file("journal"), 3);
  Journal journal = open_at(dir.file("journal"), 1, 1);
  EXPECT_EQ(journal.find_verdicts(0, 0), nullptr);
  EXPECT_NE(journal.find_verdicts(1, 0), nullptr);
  journal.forget_before(2, 2);
  EXPECT_EQ(journal.find_verdicts(1, 0), nullptr);
  EXPECT_NE(journal.find_verdicts(2, 0), nullptr);
}

TEST(Journal, KeepsStagesApart) {
  const TempDir dir;
  write_steps(dir.file("journal"), 1);
  Journal journal = open_at(dir.file("journal"), 0, 0);
  ASSERT_TRUE(journal.note_stage_done(1, "end").ok());
  ASSERT_TRUE(journal.commit().ok());
  ASSERT_TRUE(journal.begin_stage("later", 0, 0).ok());
  EXPECT_EQ(journal.find_verdicts(0, 0), nullptr);
  EXPECT_TRUE(journal.note_step(0, 9, "other").ok());
  ASSERT_TRUE(journal.commit().ok());
  ASSERT_TRUE(journal.begin_stage("zero", 0, 0).ok());
  EXPECT_FALSE(journal.note_stage_done(1, "another end").ok());
  EXPECT_FALSE(journal.note_step(0, 9, "other").ok());
}

TEST(Journal, LosesNothingCommittedToATornEndAtAnyByte) {
  const TempDir dir;
  write_steps(dir.file("whole"), 2);
  const std::string bytes = *read_file(dir.file("whole"));
  int64_t one_step = 0;
  {
    Journal journal = open_at(dir.file("one"), 0, 0);
    write_step(journal, 0);
    one_step = journal.offset();
  }
  for (size_t length = static_cast<size_t>(one_step); length <= bytes.size(); ++length) {
    overwrite(dir.file("journal"), bytes.substr(0, length));
    EXPECT_TRUE(verify_journal(dir.file("journal"), one_step).ok) << length;
    Result<Journal> journal = Journal::open(dir.file("journal"), one_step);
    ASSERT_TRUE(journal.ok()) << length;
    ASSERT_TRUE(journal->begin_stage("zero", 0, 0).ok());
    ASSERT_NE(journal->find_verdicts(0, 1), nullptr);
    for (int64_t step : {0, 1}) write_step(*journal, step);
    EXPECT_EQ(verify_journal(dir.file("journal")).records, 2 * kRecordsOfStep) << length;
  }
}

TEST(Journal, RefusesOneShorterThanTheCheckpointNeeds) {
  const TempDir dir;
  write_steps(dir.file("journal"), 2);
  const std::string bytes = *read_file(dir.file("journal"));
  overwrite(dir.file("journal"), bytes.substr(0, bytes.size() - 1));
  const Result<Journal> journal = Journal::open(dir.file("journal"), static_cast<int64_t>(bytes.size()));
  ASSERT_FALSE(journal.ok());
  EXPECT_EQ(journal.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(*read_file(dir.file("journal")), bytes.substr(0, bytes.size() - 1));
}

TEST(Journal, RefusesDamageInTheMiddleWithItsOffset) {
  const TempDir dir;
  write_steps(dir.file("journal"), 2);
  flip_bit(dir.file("journal"), 100);
  const JournalCheck check = verify_journal(dir.file("journal"));
  EXPECT_FALSE(check.ok);
  EXPECT_EQ(check.problem, dir.file("journal") + ": damaged at byte 8");
  EXPECT_EQ(Journal::open(dir.file("journal")).error().code, ErrorCode::kCorrupt);
}

TEST(Journal, WritesNothingWithoutACommit) {
  const TempDir dir;
  {
    Journal journal = open_at(dir.file("journal"), 0, 0);
    ASSERT_TRUE(journal.note_group(0, 0).ok());
  }
  EXPECT_EQ(verify_journal(dir.file("journal")).records, 0);
  EXPECT_TRUE(verify_journal(dir.file("missing")).ok);
}

}  // namespace
}  // namespace hone::trainer
