// Choice of experts (DeepSeek-V3 report, eq. 12-16; Qwen3-MoE and OLMoE for softmax).
#pragma once

#include <cstdint>

namespace hone::kernels {

enum class RouterScore { kSigmoid, kSoftmax };

struct RouterShape {
  int64_t experts = 0, top_k = 0;
  int64_t groups = 1, group_limit = 1;  // only the experts of the best group_limit groups can be chosen
  RouterScore score = RouterScore::kSigmoid;
  bool normalize = true;                // divide by the sum over the chosen (+ 1e-20)
  double scaling = 1;
  int group_best = 2;                   // a group ranks by the sum of its best so many: 1 in V2, 2 in V3
};

// scores = score(logits); the top_k experts by scores + bias, ties to the lower index, listed from the best; their
// weights are scores (without bias), normalized and scaled. Experts of other groups rank at -infinity, also where
// biased scores are negative, as in DeepSeek's code and transformers 5; older versions of transformers took 0.
struct RouteArgs {
  RouterShape shape;
  const void* logits = nullptr;  // [rows, experts]
  const void* bias = nullptr;    // [experts] or nullptr; only for choosing
  void* scores = nullptr;        // [rows, experts]
  int32_t* chosen = nullptr;     // [rows, top_k]
  void* weights = nullptr;       // [rows, top_k]
  int64_t rows = 0;
};

// dlogits from dweights; the choice itself has no gradient.
struct RouteBackwardArgs {
  RouterShape shape;
  const void* scores = nullptr;
  const int32_t* chosen = nullptr;
  const void* dweights = nullptr;  // [rows, top_k]
  void* dlogits = nullptr;         // [rows, experts]
  int64_t rows = 0;
};

}  // namespace hone::kernels
