// Log-probability and entropy of chosen tokens without storing [tokens, vocabulary]: logits exist for a few rows at a
// time. The sampler's draw (kernels/draw.h) uses the same row function, so recorded and recomputed values are equal
// bits.
#pragma once

#include <cstdint>

namespace hone::kernels {

// For i in [0, count): z = inverse_temperature * (hidden[row[i]] * head), logprob[i] = z[target[i]] - logsumexp(z),
// entropy[i] = -sum p log p, p = softmax(z). Natural logarithms.
struct TokenLogprobArgs {
  const void* hidden = nullptr;  // [rows, cols]
  int64_t cols = 0;
  const void* panels = nullptr;  // head [vocabulary, cols] packed for y = x * w^T
  int64_t vocabulary = 0;
  const int32_t* row = nullptr;
  const int32_t* target = nullptr;
  int64_t count = 0;
  double inverse_temperature = 1;
  void* logprob = nullptr;       // [count]
  void* entropy = nullptr;       // [count]
  void* log_normalizer = nullptr;  // [count]: logsumexp(z), for the backward; or nullptr
};

// dhidden[row[i]] += ..., dhead [vocabulary, cols] += ..., in order of i. Recomputes the logits, a piece of the
// vocabulary for many rows at a time, so that the head and its gradient pass through memory once.
struct TokenLogprobBackwardArgs {
  TokenLogprobArgs forward;            // with the entropy and log_normalizer that it gave; logprob is not used
  const void* panels_grad = nullptr;   // head packed for dx = dy * w
  const void* dlogprob = nullptr;      // [count]
  const void* dentropy = nullptr;      // [count], or nullptr
  void* dhidden = nullptr;             // [rows, cols]
  void* dhead = nullptr;
};

}  // namespace hone::kernels
