// How much every trained token counts in the loss of its optimizer step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rl/config.h"

namespace hone::rl {

// The trained tokens of one sample.
struct SampleTokens {
  uint64_t serial = 0;  // its group
  int64_t count = 0;
  bool masked = false;  // left out of the loss, and of every count below
};

// weights[i] is the weight of each token of samples[i]; loss = sum over tokens of weight * token loss. Requires:
// `samples` is the whole optimizer step (a micro-batch's own counts would make the gradient depend on the packing).
//   kTokenMean            1 / tokens of the step                         (DAPO)
//   kSeqMeanTokenMean     1 / (samples * tokens of the sample)           (GRPO as published)
//   kSeqMeanTokenSumNorm  1 / (samples * max_new_tokens)                 (Dr. GRPO)
//   kPromptMean           1 / (groups * tokens of the group)             (ScaleRL)
// Samples that are masked or empty get 0 and are counted neither as samples nor in groups.
std::vector<float> token_weights(std::span<const SampleTokens> samples, Aggregation aggregation,
                                 int64_t max_new_tokens);

}  // namespace hone::rl
