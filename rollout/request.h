// What goes into the engine and what comes out.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "policy/decoder.h"
#include "rl/types.h"

namespace hone::rollout {

// A prompt and how many answers to sample for it. An answer is a function of (weights, prompt, key, serial, its index,
// params, max_new_tokens, stop_tokens) and of nothing else.
struct GroupRequest {
  uint64_t id = 0;  // given back with every answer, not read
  std::shared_ptr<const std::vector<int32_t>> prompt;
  uint64_t key = 0;  // with serial, the random stream of the group
  uint32_t serial = 0;
  uint32_t num_samples = 1;
  policy::SamplingParams params;
  int32_t max_new_tokens = 1;
  std::vector<int32_t> stop_tokens;  // empty: every answer has max_new_tokens tokens
};

// draws holds the stop token when finish is kStop.
struct FinishedAnswer {
  uint64_t id = 0;
  uint32_t sample = 0;  // place in its group
  std::vector<policy::Draw> draws;
  rl::FinishReason finish = rl::FinishReason::kLength;
};

}  // namespace hone::rollout
