// The answer of `hone verify`: every checkpoint of a run, or a single one, and the journal.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "trainer/checkpoint.h"
#include "trainer/journal.h"

namespace hone::trainer {

struct VerifyReport {
  std::vector<CheckpointStatus> checkpoints;  // in the order they were made
  JournalCheck journal;                       // empty and ok for a single checkpoint

  bool ok() const;
  // {"checkpoints": [{"path", "stage", "step", "sha256", "ok", "problem"?}], "journal": {"records", "ok", "problem"?}}
  nlohmann::json to_json() const;
};

// `target`: a run directory or a checkpoint directory. Changes nothing and needs no lock. Error kNotFound when it is
// neither.
Result<VerifyReport> verify_target(const std::string& target);

}  // namespace hone::trainer
