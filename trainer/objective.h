// The objective of grpo as tensor code: a few lines over per-token values, differentiated by LibTorch. To try another
// objective, change objective_torch.cpp and the oracle rl/objective.h; no kernel knows of it.
#pragma once

#include <span>

#include "base/result.h"
#include "rl/config.h"

namespace hone::trainer {

// One micro-batch's trained tokens, [N] each. weight is the token's share in the loss of the whole optimizer step.
struct ObjectiveInput {
  std::span<const float> logprob, entropy;            // of the policy that is trained
  std::span<const float> behaviour_logprob;           // of the policy that sampled
  std::span<const float> reference_logprob;           // empty with kl_coef 0
  std::span<const float> advantage, weight;
};

// Sums over the micro-batch; clip and k3 are plain sums over tokens.
struct ObjectiveOutput {
  double loss = 0;
  double k3 = 0;
  double clipped_low = 0, clipped_high = 0;  // tokens
};

// Writes d loss / d logprob and d loss / d entropy [N]. Error kGuard when the loss is not finite or torch fails.
Result<ObjectiveOutput> grpo_objective(const rl::ObjectiveConfig& config, const ObjectiveInput& input,
                                       std::span<float> dlogprob, std::span<float> dentropy);

// Loads LibTorch, if it is not loaded, so that its absence is noticed before a run begins. Error kNotFound.
Result<void> load_torch();

}  // namespace hone::trainer
