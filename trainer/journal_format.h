// The bytes of the journal. A record of the file is one commit: the stage's name, then notes; numbers as in
// base/bytes.h, each note begins with the place of its type in JournalRecord.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "rl/types.h"

namespace hone::trainer {

struct GroupIssued {
  int64_t step = 0;
  uint64_t serial = 0;
  bool operator==(const GroupIssued&) const = default;
};

// tokens and logprobs: hash64 of their bytes.
struct SampleTaken {
  uint64_t serial = 0;
  uint32_t index = 0;
  uint64_t tokens = 0, logprobs = 0;
  rl::FinishReason finish = rl::FinishReason::kLength;
  bool operator==(const SampleTaken&) const = default;
};

struct VerdictGiven {
  uint64_t serial = 0;
  uint32_t index = 0;
  rl::Component component;
};
// Equal to the last bit of the score.
bool operator==(const VerdictGiven& a, const VerdictGiven& b);

struct StepDone {
  int64_t step = 0;
  uint64_t cursor = 0;
  std::string weights;
  bool operator==(const StepDone&) const = default;
};

struct StageDone {
  int64_t step = 0;
  std::string weights;
  bool operator==(const StageDone&) const = default;
};

using JournalRecord = std::variant<GroupIssued, SampleTaken, VerdictGiven, StepDone, StageDone>;

void encode(std::string& out, const JournalRecord& record);

struct JournalBatch {
  std::string stage;
  std::vector<JournalRecord> records;
};

// Error kCorrupt for anything that encode does not write.
Result<JournalBatch> decode_batch(std::span<const std::byte> payload);

}  // namespace hone::trainer
