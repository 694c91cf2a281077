// The loss of one token on plain doubles, with its exact derivative: the oracle for the tensor loss, not part of
// training. It therefore may use std::exp. Nothing is clamped: a ratio that overflows gives a non-finite loss, which a
// guard catches.
#pragma once

#include "rl/config.h"

namespace hone::rl {

// Natural logarithms of the token's probability under three policies, the entropy of the trained policy (nats).
struct TokenInput {
  double logprob = 0;            // of the policy that is trained
  double behaviour_logprob = 0;  // of the policy that sampled; a constant
  double reference_logprob = 0;  // of the reference; a constant, unused with kl_coef 0
  double entropy = 0;
  double advantage = 0;
};

struct TokenLoss {
  double value = 0;
  double d_logprob = 0;  // derivative of value by logprob
  double d_entropy = 0;  // derivative of value by entropy
  double k3 = 0;         // KL estimate for the metric; 0 with kl_coef 0
  // The clipped ratio replaced the ratio, so the surrogate has no gradient here.
  bool clipped_low = false, clipped_high = false;
};

// With r = exp(logprob - behaviour_logprob), A = advantage:
//   value = -min(r A, clip(r, 1 - clip_low, 1 + clip_high) A) + kl_coef r k3 - entropy_coef entropy
//   k3    = exp(reference_logprob - logprob) - (reference_logprob - logprob) - 1  (Schulman 2020, joschu.net)
// The ratio in front of k3 is differentiated too, which makes the term's derivative kl_coef r (logprob -
// reference_logprob), the gradient of KL(policy || reference) also off policy (DeepSeek-V3.2). k3 alone would give
// another divergence's gradient.
TokenLoss token_loss(const ObjectiveConfig& config, const TokenInput& token);

}  // namespace hone::rl
