// Packs sequences into micro-batches. The order of the input decides everything, so equal samples give equal batches.
// A sequence's last token is never an input: nothing follows it, so nobody needs its hidden state.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rl/types.h"

namespace hone::rl {

struct PackOptions {
  int64_t token_budget = 0;   // tokens of a micro-batch; a sequence that is longer gets one of its own
  bool share_prompt = false;  // one segment for the prompt, one per sample with the prompt as its parent
};

// A sample to be trained on. Borrowed for the call of pack.
struct TrainedSample {
  const Prompt* prompt = nullptr;
  const Sample* sample = nullptr;
  float advantage = 0;
  float weight = 0;      // of each of its tokens (rl/token_weights.h)
  int32_t sequence = 0;  // its number in the optimizer step
};

// The micro-batches of one optimizer step. Requires: samples in order of (serial, index), weights as they are for the
// whole step, prompts not empty. Empty samples have nothing to train and are left out. With share_prompt a sample's
// segment starts at position prompt length, and its first target hangs on the prompt's last row (a sample of one token
// has no segment). The prompt is repeated in every micro-batch that holds samples of its group.
std::vector<TokenBatch> pack(std::span<const TrainedSample> samples, const PackOptions& options);

// One row of pretrain or sft. Only the completion is trained.
struct SupervisedRow {
  std::vector<Token> prompt;      // may be empty: the completion's first token is then an input only
  std::vector<Token> completion;  // holds its stop token
};

// Micro-batches of one optimizer step: one segment per row, weight 1 / trained tokens of all rows. Rows of any lengths
// fill the micro-batches well; within one they stand in their order. Requires 1 <= token_budget; a row that is longer
// gets a micro-batch of its own.
std::vector<TokenBatch> pack_supervised(std::span<const SupervisedRow> rows, int64_t token_budget);

}  // namespace hone::rl
