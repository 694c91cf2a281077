#include "trainer/journal.h"

#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"

namespace hone::trainer {
namespace {

// Calls visit(batch) for each commit; errors name the file.
template <class Visit>
RecordVisitor batch_visitor(const std::string& path, const Visit& visit) {
  return [path, &visit](std::span<const std::byte> payload) -> Result<void> {
    Result<JournalBatch> batch = decode_batch(payload);
    if (!batch.ok()) return Error{.code = batch.error().code, .message = batch.error().message, .file = path};
    visit(*batch);
    return {};
  };
}

template <class Map, class Key>
const typename Map::mapped_type* find_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

JournalCheck verify_journal(const std::string& path, int64_t vouched_bytes) {
  JournalCheck check;
  if (!path_exists(path) && vouched_bytes == 0) return check;
  const auto count = [&check](const JournalBatch& batch) {
    check.records += static_cast<int64_t>(batch.records.size());
  };
  const Result<RecordScan> scan = scan_records(path, batch_visitor(path, count));
  if (!scan.ok()) {
    check.problem = scan.error().to_string();
  } else if (scan->good_bytes < vouched_bytes) {
    check.problem = str(path, ": damaged at byte ", scan->good_bytes, ", a checkpoint needs ", vouched_bytes);
  }
  check.ok = check.problem.empty();
  return check;
}

Result<Journal> Journal::open(const std::string& path, int64_t vouched_bytes) {
  const auto ignore = [](const JournalBatch&) {};
  HONE_TRY_ASSIGN(RecordFile file, RecordFile::open(path, batch_visitor(path, ignore), vouched_bytes));
  return Journal(std::move(file));
}

Result<void> Journal::begin_stage(const std::string& stage, uint64_t first_serial, int64_t first_step) {
  HONE_CHECK(pending_.empty(), "uncommitted notes of stage ", stage_);
  stage_ = stage;
  groups_.clear();
  samples_.clear();
  verdicts_.clear();
  steps_.clear();
  ends_.clear();
  const auto visit = [&](const JournalBatch& batch) {
    if (batch.stage != stage) return;
    for (const JournalRecord& record : batch.records) recall(record, first_serial, first_step);
  };
  HONE_TRY(scan_records(file_.path(), batch_visitor(file_.path(), visit)));
  return {};
}

void Journal::recall(const JournalRecord& record, uint64_t first_serial, int64_t first_step) {
  if (const auto* group = std::get_if<GroupIssued>(&record)) {
    if (group->serial >= first_serial) groups_.emplace(group->serial, record);
  } else if (const auto* sample = std::get_if<SampleTaken>(&record)) {
    if (sample->serial >= first_serial) samples_.emplace(AnswerKey(sample->serial, sample->index), record);
  } else if (const auto* given = std::get_if<VerdictGiven>(&record)) {
    if (given->serial >= first_serial) verdicts_[{given->serial, given->index}].push_back(given->component);
  } else if (const auto* step = std::get_if<StepDone>(&record)) {
    if (step->step >= first_step) steps_.emplace(step->step, record);
  } else {
    ends_.emplace(std::get<StageDone>(record).step, record);
  }
}

Error Journal::deviation(const std::string& what) const {
  return Error{.code = ErrorCode::kGuard,
               .message = "stage " + stage_ + ", " + what + " differs from the journal: the run does not repeat itself",
               .file = file_.path()};
}

Result<void> Journal::note(const JournalRecord& record, const JournalRecord* known, const std::string& what) {
  if (known == nullptr) {
    encode(pending_, record);
  } else if (*known != record) {
    return deviation(what);
  }
  return {};
}

Result<void> Journal::note_group(int64_t step, uint64_t serial) {
  return note(GroupIssued{step, serial}, find_in(groups_, serial), str("group ", serial));
}

Result<void> Journal::note_sample(uint64_t serial, const rl::Sample& sample) {
  const SampleTaken taken{serial, sample.index, hash64(std::span<const rl::Token>(sample.tokens)),
                          hash64(std::span<const float>(sample.logprobs)), sample.finish};
  const JournalRecord* known = find_in(samples_, AnswerKey(serial, sample.index));
  return note(taken, known, str("sample ", sample.index, " of group ", serial));
}

Result<void> Journal::note_verdicts(uint64_t serial, uint32_t index, std::span<const rl::Component> components) {
  const std::string what = str("verdict on sample ", index, " of group ", serial);
  const std::vector<rl::Component>* known = find_verdicts(serial, index);
  if (known != nullptr && known->size() != components.size()) return deviation(what);
  for (size_t i = 0; i < components.size(); ++i) {
    const VerdictGiven given{serial, index, components[i]};
    if (known == nullptr) {
      encode(pending_, given);
    } else if (given != VerdictGiven{serial, index, (*known)[i]}) {
      return deviation(what);
    }
  }
  return {};
}

Result<void> Journal::note_step(int64_t step, uint64_t cursor, const std::string& weights) {
  return note(StepDone{step, cursor, weights}, find_in(steps_, step), str("step ", step));
}

Result<void> Journal::note_stage_done(int64_t step, const std::string& weights) {
  return note(StageDone{step, weights}, find_in(ends_, step), "its end");
}

const std::vector<rl::Component>* Journal::find_verdicts(uint64_t serial, uint32_t index) const {
  return find_in(verdicts_, AnswerKey(serial, index));
}

Result<void> Journal::commit() {
  if (pending_.empty()) return {};
  std::string payload;
  put_string(payload, stage_);
  payload += pending_;
  HONE_TRY(file_.append(as_bytes(payload)));
  HONE_TRY(file_.sync());
  pending_.clear();
  return {};
}

void Journal::forget_before(uint64_t serial, int64_t step) {
  groups_.erase(groups_.begin(), groups_.lower_bound(serial));
  samples_.erase(samples_.begin(), samples_.lower_bound({serial, 0}));
  verdicts_.erase(verdicts_.begin(), verdicts_.lower_bound({serial, 0}));
  steps_.erase(steps_.begin(), steps_.lower_bound(step));
}

}  // namespace hone::trainer
