// The trainers of a policy: supervised steps (pretrain, sft) and the updates of grpo, both by gradient accumulation
// over micro-batches on the packed network.
#pragma once

#include <memory>
#include <vector>

#include "policy/packed_network.h"
#include "rl/config.h"
#include "rl/ports.h"
#include "trainer/optimizer.h"

namespace hone::trainer {

// Intermediate values of all layers are kept up to this size, else recomputed layer by layer.
inline constexpr size_t kKeptActivationBytes = size_t{1} << 30;

// What both trainers share: one micro-batch through the network, expert loads, the optimizer's step. Owned by one
// thread.
class BatchTrainer {
 public:
  BatchTrainer(policy::Weights& weights, Optimizer& optimizer, const StageConfig& stage, const kernels::Stream& stream);

  // Forward of a micro-batch; logprob and entropy of its targets stay in logprob(), entropy().
  void forward(const rl::TokenBatch& batch, double inverse_temperature);
  // Adds gradients of the last forward.
  void backward(std::span<const float> dlogprob, std::span<const float> dentropy);
  // Applies what was added, at the schedule's rate; fills norm, rate and load ratio of the report.
  Result<void> step(rl::UpdateReport& report);

  std::span<const float> logprob() const { return logprob_; }
  std::span<const float> entropy() const { return entropy_; }
  std::span<const int64_t> load() const { return load_; }  // [layers][experts], of all micro-batches of the last step

 private:
  policy::Weights& weights_;
  Optimizer& optimizer_;
  const StageConfig& stage_;
  const kernels::Stream stream_;
  policy::PackedNetwork network_;
  policy::TargetRows targets_;
  std::vector<float> logprob_, entropy_;
  std::vector<int64_t> load_, pending_load_;
};

// Cross-entropy of the trained tokens; the router's bias follows the load.
class SupervisedLearner {
 public:
  SupervisedLearner(policy::Weights& weights, Optimizer& optimizer, const StageConfig& stage, double router_bias_rate,
                    const kernels::Stream& stream);
  Result<rl::UpdateReport> update(const std::vector<rl::TokenBatch>& batches);

 private:
  policy::Weights& weights_;
  const double router_bias_rate_;
  const kernels::Stream stream_;
  BatchTrainer trainer_;
  std::vector<float> dlogprob_;
};

// The updates of grpo; its objective is trainer/objective.h. The router's bias is frozen.
class GrpoLearner final : public rl::Learner {
 public:
  // reference: the weights that KL is measured against; needed when the objective has a KL term.
  GrpoLearner(policy::Weights& weights, Optimizer& optimizer, const StageConfig& stage,
              const rl::ObjectiveConfig& objective, std::unique_ptr<policy::Weights> reference,
              const kernels::Stream& stream);

  Result<rl::UpdateReport> update(const std::vector<rl::TokenBatch>& batches, bool first_of_rollout) override;
  int64_t version() const { return version_; }  // updates made, those before a resume included
  void set_version(int64_t version) { version_ = version; }

 private:
  Result<void> train_batch(const rl::TokenBatch& batch, bool check_parity, rl::UpdateReport& report);
  void reference_logprobs(const rl::TokenBatch& batch);

  const StageConfig& stage_;
  const rl::ObjectiveConfig objective_;
  BatchTrainer trainer_;
  std::unique_ptr<policy::Weights> reference_;
  std::unique_ptr<policy::PackedNetwork> reference_network_;
  std::vector<float> reference_logprob_, dlogprob_, dentropy_;
  int64_t version_ = 0;
};

}  // namespace hone::trainer
