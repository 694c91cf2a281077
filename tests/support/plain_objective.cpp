// The objective without LibTorch, from the oracle rl/objective.h: what the program is built with when HONE_WITH_TORCH
// is off, so that the sanitizers reach the learner and the stages too.
#include <cmath>

#include "rl/objective.h"
#include "trainer/objective.h"

namespace hone::trainer {

Result<ObjectiveOutput> grpo_objective(const rl::ObjectiveConfig& config, const ObjectiveInput& input,
                                       std::span<float> dlogprob, std::span<float> dentropy) {
  ObjectiveOutput out;
  for (size_t i = 0; i < input.logprob.size(); ++i) {
    const double reference = input.reference_logprob.empty() ? 0.0 : double{input.reference_logprob[i]};
    const rl::TokenLoss loss = rl::token_loss(config, {.logprob = input.logprob[i],
                                                       .behaviour_logprob = input.behaviour_logprob[i],
                                                       .reference_logprob = reference,
                                                       .entropy = input.entropy[i],
                                                       .advantage = input.advantage[i]});
    const double weight = input.weight[i];
    out.loss += weight * loss.value;
    out.k3 += loss.k3;
    out.clipped_low += loss.clipped_low;
    out.clipped_high += loss.clipped_high;
    dlogprob[i] = static_cast<float>(weight * loss.d_logprob);
    dentropy[i] = static_cast<float>(weight * loss.d_entropy);
  }
  if (!std::isfinite(out.loss)) return Error{ErrorCode::kGuard, str("the loss is ", out.loss)};
  return out;
}

Result<void> load_torch() { return {}; }

}  // namespace hone::trainer
