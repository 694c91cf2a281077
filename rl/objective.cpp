#include "rl/objective.h"

#include <algorithm>
#include <cmath>

namespace hone::rl {
namespace {

void add_surrogate(const ObjectiveConfig& config, double ratio, double advantage, TokenLoss& loss) {
  loss.clipped_high = advantage > 0 && ratio > 1 + config.clip_high;
  loss.clipped_low = advantage < 0 && ratio < 1 - config.clip_low;
  if (loss.clipped_high) {
    loss.value -= (1 + config.clip_high) * advantage;
  } else if (loss.clipped_low) {
    loss.value -= (1 - config.clip_low) * advantage;
  } else {
    loss.value -= ratio * advantage;
    loss.d_logprob -= ratio * advantage;
  }
}

void add_kl(double kl_coef, double ratio, double log_reference_ratio, TokenLoss& loss) {
  loss.k3 = std::exp(log_reference_ratio) - log_reference_ratio - 1;
  loss.value += kl_coef * ratio * loss.k3;
  loss.d_logprob -= kl_coef * ratio * log_reference_ratio;
}

}  // namespace

TokenLoss token_loss(const ObjectiveConfig& config, const TokenInput& token) {
  TokenLoss loss;
  const double ratio = std::exp(token.logprob - token.behaviour_logprob);
  add_surrogate(config, ratio, token.advantage, loss);
  if (config.kl_coef != 0) add_kl(config.kl_coef, ratio, token.reference_logprob - token.logprob, loss);
  loss.value -= config.entropy_coef * token.entropy;
  loss.d_entropy = -config.entropy_coef;
  return loss;
}

}  // namespace hone::rl
