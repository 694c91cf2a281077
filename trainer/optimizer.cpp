#include "trainer/optimizer.h"

#include <cmath>
#include <span>

#include "base/portable_math.h"

namespace hone::trainer {

double scheduled_learning_rate(const StageConfig& stage, int64_t step) {
  double rate = stage.learning_rate;
  if (step < stage.warmup_steps) rate *= static_cast<double>(step + 1) / static_cast<double>(stage.warmup_steps);
  if (stage.schedule == Schedule::kCosine)
    rate *= 0.5 + 0.5 * portable_cos(3.141592653589793 * static_cast<double>(step) / static_cast<double>(stage.steps));
  return rate;
}

Optimizer::Optimizer(policy::Weights& weights)
    : weights_(weights),
      gradient_(weights.backend(), weights.size()),
      m_(weights.backend(), weights.size()),
      v_(weights.backend(), weights.size()) {}

void Optimizer::reset(const kernels::Stream& stream) {
  for (const policy::Arena* arena : {&gradient_, &m_, &v_})
    weights_.backend().zero({arena->at(0), arena->size()}, stream);
  steps_ = 0;
}

Result<double> Optimizer::step(const StageConfig& stage, double learning_rate, const kernels::Stream& stream) {
  const auto& backend = weights_.backend();
  const double norm = std::sqrt(backend.sum_of_squares({gradient_.at(0), gradient_.size()}, stream));
  if (!std::isfinite(norm))
    return Error{ErrorCode::kGuard, str("the gradient's norm is ", norm, " at optimizer step ", steps_ + 1)};
  ++steps_;
  kernels::AdamWArgs args;
  args.learning_rate = learning_rate;
  args.beta1 = stage.beta1;
  args.beta2 = stage.beta2;
  args.epsilon = stage.epsilon;
  args.correction1 = 1 / (1 - portable_pow(stage.beta1, static_cast<double>(steps_)));
  args.correction2 = 1 / (1 - portable_pow(stage.beta2, static_cast<double>(steps_)));
  args.gradient_scale = norm > stage.max_grad_norm ? stage.max_grad_norm / norm : 1;
  // Neighbours with the same decay go in one call.
  const auto& parameters = weights_.layout().parameters;
  for (size_t i = 0; i < parameters.size();) {
    const bool decayed = parameters[i].cols > 0, trained = parameters[i].trained;
    const int64_t begin = parameters[i].offset;
    while (i < parameters.size() && parameters[i].trained == trained &&
           (stage.weight_decay == 0 || (parameters[i].cols > 0) == decayed))
      ++i;
    if (!trained) continue;
    args.weight = weights_.at(begin);
    args.gradient = gradient_.at(begin);
    args.m = m_.at(begin);
    args.v = v_.at(begin);
    args.count = (i < parameters.size() ? parameters[i].offset : weights_.size()) - begin;
    args.weight_decay = decayed ? stage.weight_decay : 0;
    backend.adamw(args, stream);
  }
  weights_.repack(stream);
  return norm;
}

void update_router_bias(policy::Weights& weights, std::span<const int64_t> load, double rate) {
  const policy::ModelConfig& c = weights.config();
  for (int64_t l = 0; l < c.layers; ++l) {
    const int64_t offset = weights.layout().layers[l].router_bias;
    if (offset < 0) continue;
    const auto experts = load.subspan(l * c.experts, c.experts);
    int64_t total = 0;
    for (int64_t n : experts) total += n;
    std::vector<float> bias(static_cast<size_t>(c.experts));
    weights.backend().read(bias.data(), weights.at(offset), bias.size() * sizeof(float), {});
    for (int64_t e = 0; e < c.experts; ++e) {
      const int64_t excess = experts[e] * c.experts - total;
      bias[e] += static_cast<float>(excess > 0 ? -rate : excess < 0 ? rate : 0);
    }
    weights.backend().write(weights.at(offset), bias.data(), bias.size() * sizeof(float), {});
  }
  weights.refresh_vectors();
}

}  // namespace hone::trainer
