// AdamW over all parameters of a policy, with the gradient it consumes.
#pragma once

#include <span>

#include "base/result.h"
#include "policy/weights.h"
#include "trainer/run_config.h"

namespace hone::trainer {

// step: steps done before, of `steps`. Linear warm-up over warmup_steps, then constant, or a cosine over the stage's
// whole length to 0; the two multiply.
double scheduled_learning_rate(const StageConfig& stage, int64_t step);

// Owned by one thread. The weights are shared with whoever samples; step() leaves them packed.
class Optimizer {
 public:
  explicit Optimizer(policy::Weights& weights);

  const policy::Arena& gradient() const { return gradient_; }  // add to it, then step()
  const policy::Arena& first_moment() const { return m_; }
  const policy::Arena& second_moment() const { return v_; }
  int64_t steps() const { return steps_; }

  // One update: clips the gradient to max_grad_norm (global L2 norm), applies AdamW to trained parameters, weight decay
  // to matrices only, and zeroes the gradient. Returns the norm before clipping. Error kGuard for a norm that is not
  // finite: nothing changes.
  Result<double> step(const StageConfig& stage, double learning_rate, const kernels::Stream& stream);

  // Fresh moments, step 0.
  void reset(const kernels::Stream& stream);
  void set_steps(int64_t steps) { steps_ = steps; }  // after moments were read from a checkpoint

 private:
  policy::Weights& weights_;
  policy::Arena gradient_, m_, v_;
  int64_t steps_ = 0;
};

// DeepSeek-V3 report, section 2.1.2: the bias of each expert moves by `rate` against its load over the whole batch.
// load [layers][experts], tokens. Does nothing without a correction bias.
void update_router_bias(policy::Weights& weights, std::span<const int64_t> load, double rate);

}  // namespace hone::trainer
