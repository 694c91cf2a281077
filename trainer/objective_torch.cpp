#include "trainer/objective_torch.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/min.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/sum.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <cstring>

namespace hone::trainer {
namespace {

// Borrows the memory; the tensor is only read.
at::Tensor tensor(std::span<const float> values) {
  return at::from_blob(const_cast<float*>(values.data()), {static_cast<int64_t>(values.size())}, at::kFloat);
}

at::Tensor leaf(std::span<const float> values) { return tensor(values).set_requires_grad(true); }

void copy_gradient(const at::Tensor& leaf, std::span<float> out) {
  if (leaf.grad().defined()) {
    std::memcpy(out.data(), leaf.grad().const_data_ptr<float>(), out.size() * sizeof(float));
  } else {
    std::fill(out.begin(), out.end(), 0.0f);
  }
}

ObjectiveOutput evaluate(const rl::ObjectiveConfig& config, const ObjectiveInput& in, std::span<float> dlogprob,
                         std::span<float> dentropy) {
  const at::Tensor logprob = leaf(in.logprob), entropy = leaf(in.entropy);
  const at::Tensor advantage = tensor(in.advantage), weight = tensor(in.weight);
  const at::Tensor ratio = (logprob - tensor(in.behaviour_logprob)).exp();
  const at::Tensor plain = ratio * advantage;
  const at::Tensor clipped = ratio.clamp(1 - config.clip_low, 1 + config.clip_high) * advantage;
  at::Tensor value = -at::minimum(plain, clipped);
  ObjectiveOutput out;
  if (config.kl_coef != 0) {
    const at::Tensor log_ratio = tensor(in.reference_logprob) - logprob;
    const at::Tensor k3 = log_ratio.exp() - log_ratio - 1;
    // The ratio is differentiated too: see rl/objective.h.
    value = value + config.kl_coef * ratio * k3;
    out.k3 = k3.detach().sum().item<double>();
  }
  if (config.entropy_coef != 0) value = value - config.entropy_coef * entropy;
  const at::Tensor loss = (value * weight).sum();
  loss.backward();
  copy_gradient(logprob, dlogprob);
  copy_gradient(entropy, dentropy);
  const at::Tensor detached = ratio.detach();
  out.loss = loss.item<double>();
  out.clipped_low = at::logical_and(at::lt(detached, 1 - config.clip_low), at::lt(advantage, 0)).sum().item<double>();
  out.clipped_high = at::logical_and(at::gt(detached, 1 + config.clip_high), at::gt(advantage, 0)).sum().item<double>();
  return out;
}

Result<ObjectiveOutput> evaluate_or_refuse(const rl::ObjectiveConfig& config, const ObjectiveInput& input,
                                           std::span<float> dlogprob, std::span<float> dentropy) {
  try {
    const ObjectiveOutput out = evaluate(config, input, dlogprob, dentropy);
    if (!std::isfinite(out.loss)) return Error{ErrorCode::kGuard, str("the loss is ", out.loss)};
    return out;
  } catch (const c10::Error& error) {
    return Error{ErrorCode::kGuard, str("LibTorch failed in the objective: ", error.what_without_backtrace())};
  }
}

}  // namespace
}  // namespace hone::trainer

const hone::trainer::ObjectiveTable* hone_torch_objective() {
  static const hone::trainer::ObjectiveTable table{hone::trainer::evaluate_or_refuse};
  at::set_num_threads(1);
  return &table;
}
