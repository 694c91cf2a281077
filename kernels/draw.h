// Drawing tokens: argmax over v of logit[v] / T + Gumbel(v), the lowest index among equals; T = 0 is the argmax of the
// logits. Gumbel numbers come from Philox with counter (v / 4, position, sample, serial): nothing depends on the batch.
#pragma once

#include <cstdint>

namespace hone::kernels {

struct DrawItem {
  int32_t row = 0;
  uint64_t key = 0;
  uint32_t position = 0, sample = 0, serial = 0;
  float temperature = 1;
  float top_p = 1;    // the smallest set of tokens, from the likeliest, whose probabilities reach top_p; 1: all
  int32_t top_k = 0;  // the top_k likeliest; 0: all
};

// logprob and entropy are those of token_logprob at the item's temperature (1 where that is 0), in float.
struct DrawResult {
  int32_t token = 0;
  float logprob = 0;
  float entropy = 0;
};

struct DrawArgs {
  const void* hidden = nullptr;  // [rows, cols]
  int64_t cols = 0;
  const void* panels = nullptr;
  int64_t vocabulary = 0;
  const DrawItem* items = nullptr;
  DrawResult* results = nullptr;
  int64_t count = 0;
};

}  // namespace hone::kernels
