// Log-probabilities of given tokens, as `hone score` prints them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/model.h"

namespace hone::trainer {

// tokens = prompt and completion; the first `prompt_tokens` (at least 1) are given. logprobs [tokens - prompt_tokens]
// in nats at temperature 1, the same floats in any batch.
Result<std::vector<float>> score_tokens(const Model& model, std::span<const int32_t> tokens, int64_t prompt_tokens,
                                        const kernels::Stream& stream);

}  // namespace hone::trainer
