// How long a row of data may be.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "policy/tokenizer.h"
#include "rl/pack.h"
#include "trainer/run_config.h"

namespace hone::trainer {

// Prompt and completion as tokens, with <eos> at the end.
Result<rl::SupervisedRow> encode_row(const policy::Tokenizer& tokenizer, const rl::Problem& problem);

// The limit of a stage's rows. Threads may share it.
class RowLength {
 public:
  // max_positions: of the policy.
  RowLength(const StageConfig& stage, int64_t max_positions, std::shared_ptr<const policy::Tokenizer> tokenizer);

  // Whether the row is short enough. Error: it cannot be encoded, or it is too long where that is an error; field and
  // message say what has how many tokens.
  Result<bool> admit(const rl::Problem& problem) const;

 private:
  const bool imitated_;
  const TooLong too_long_;
  const std::shared_ptr<const policy::Tokenizer> tokenizer_;
  int64_t most_ = 0;    // tokens of prompt and completion with <eos>; in grpo of the prompt
  std::string limit_;   // its name
};

}  // namespace hone::trainer
