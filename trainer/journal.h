// The journal of a run: what was issued, sampled, graded and trained, so that a resumed run can prove that it repeats
// itself and never grades an answer twice. Records are collected and become durable together in commit().
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/record_file.h"
#include "base/result.h"
#include "rl/types.h"
#include "trainer/journal_format.h"

namespace hone::trainer {

struct JournalCheck {
  int64_t records = 0;  // readable ones
  bool ok = true;
  std::string problem;  // names the file and the offset
};

// Reads the whole journal without changing it. A torn end is ok unless it reaches into `vouched_bytes`; a journal that
// does not exist is ok when nothing is vouched for.
JournalCheck verify_journal(const std::string& path, int64_t vouched_bytes = 0);

// Each note_* of work that is already recorded compares instead of writing: Error kGuard where it differs, which means
// that the run is not repeating itself. Owned by one thread.
class Journal {
 public:
  // Opens or creates, checks every record, cuts a torn end. vouched_bytes: offset() that the restored checkpoint
  // recorded; Error kCorrupt if the good part is shorter.
  static Result<Journal> open(const std::string& path, int64_t vouched_bytes = 0);

  // Before the first note of a stage, also when a run resumes inside it: reads back what the journal has of the stage
  // from group `first_serial` and step `first_step` on. Only that is held in memory. Requires no uncommitted records.
  Result<void> begin_stage(const std::string& stage, uint64_t first_serial, int64_t first_step);

  Result<void> note_group(int64_t step, uint64_t serial);
  Result<void> note_sample(uint64_t serial, const rl::Sample& sample);
  Result<void> note_verdicts(uint64_t serial, uint32_t index, std::span<const rl::Component> components);
  // cursor: the next group's serial; weights: state_sha256 or another identity of the state after the step.
  Result<void> note_step(int64_t step, uint64_t cursor, const std::string& weights);
  Result<void> note_stage_done(int64_t step, const std::string& weights);

  // Verdicts recorded before the resume; nullptr if there are none and the answer is to be graded.
  const std::vector<rl::Component>* find_verdicts(uint64_t serial, uint32_t index) const;

  // Makes all notes so far durable: one write, one fdatasync. Without notes it does nothing.
  Result<void> commit();
  // Drops from memory what belongs to groups before `serial` and steps before `step`.
  void forget_before(uint64_t serial, int64_t step);

  // Length of the committed file.
  int64_t offset() const { return file_.size(); }
  int64_t torn_bytes() const { return file_.found().torn_bytes; }  // cut off by open

 private:
  using AnswerKey = std::pair<uint64_t, uint32_t>;  // serial, index

  explicit Journal(RecordFile file) : file_(std::move(file)) {}
  void recall(const JournalRecord& record, uint64_t first_serial, int64_t first_step);
  Error deviation(const std::string& what) const;
  // Writes `record` unless `known`, the same record of an earlier run, is there to be compared.
  Result<void> note(const JournalRecord& record, const JournalRecord* known, const std::string& what);

  RecordFile file_;
  std::string stage_;
  std::string pending_;  // encoded notes since the last commit
  std::map<uint64_t, JournalRecord> groups_;
  std::map<AnswerKey, JournalRecord> samples_;
  std::map<AnswerKey, std::vector<rl::Component>> verdicts_;
  std::map<int64_t, JournalRecord> steps_;
  std::map<int64_t, JournalRecord> ends_;  // by step: a stage that was lengthened has ended before
};

}  // namespace hone::trainer
