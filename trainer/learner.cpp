#include "trainer/learner.h"

#include <algorithm>
#include <cmath>

#include "trainer/objective.h"

namespace hone::trainer {
namespace {

std::vector<policy::PackedSegment> segments_of(const rl::TokenBatch& batch) {
  std::vector<policy::PackedSegment> out;
  out.reserve(batch.segments.size());
  for (const rl::Segment& s : batch.segments) out.push_back({s.start, s.length, s.position, s.parent});
  return out;
}

// Largest load of an expert over the mean, worst layer; 0 without experts.
double max_load_ratio(const policy::ModelConfig& c, std::span<const int64_t> load) {
  double worst = 0;
  for (int64_t l = 0; l < c.layers; ++l) {
    if (!c.has_experts(l)) continue;
    const auto experts = load.subspan(l * c.experts, c.experts);
    int64_t total = 0, most = 0;
    for (int64_t n : experts) {
      total += n;
      most = std::max(most, n);
    }
    if (total > 0) worst = std::max(worst, static_cast<double>(most * c.experts) / static_cast<double>(total));
  }
  return worst;
}

}  // namespace

BatchTrainer::BatchTrainer(policy::Weights& weights, Optimizer& optimizer, const StageConfig& stage,
                           const kernels::Stream& stream)
    : weights_(weights), optimizer_(optimizer), stage_(stage), stream_(stream),
      network_(weights, stream, kKeptActivationBytes), load_(weights.config().layers * weights.config().experts),
      pending_load_(load_.size()) {}

void BatchTrainer::forward(const rl::TokenBatch& batch, double inverse_temperature) {
  network_.forward(batch.tokens, segments_of(batch));
  const auto load = network_.expert_load();
  for (size_t i = 0; i < load.size(); ++i) pending_load_[i] += load[i];
  targets_ = {batch.row, batch.target, inverse_temperature};
  logprob_.resize(batch.row.size());
  entropy_.resize(batch.row.size());
  network_.token_logprobs(targets_, logprob_.data(), entropy_.data());
}

void BatchTrainer::backward(std::span<const float> dlogprob, std::span<const float> dentropy) {
  network_.backward(targets_, dlogprob.data(), dentropy.empty() ? nullptr : dentropy.data(), optimizer_.gradient());
}

Result<void> BatchTrainer::step(rl::UpdateReport& report) {
  load_ = pending_load_;
  std::fill(pending_load_.begin(), pending_load_.end(), 0);
  report.learning_rate = scheduled_learning_rate(stage_, optimizer_.steps());
  report.expert_max_load_ratio = max_load_ratio(weights_.config(), load_);
  HONE_TRY_ASSIGN(report.grad_norm, optimizer_.step(stage_, report.learning_rate, stream_));
  return {};
}

SupervisedLearner::SupervisedLearner(policy::Weights& weights, Optimizer& optimizer, const StageConfig& stage,
                                     double router_bias_rate, const kernels::Stream& stream)
    : weights_(weights),
      router_bias_rate_(router_bias_rate),
      stream_(stream),
      trainer_(weights, optimizer, stage, stream) {}

Result<rl::UpdateReport> SupervisedLearner::update(const std::vector<rl::TokenBatch>& batches) {
  rl::UpdateReport report;
  double entropy = 0;
  for (const rl::TokenBatch& batch : batches) {
    trainer_.forward(batch, 1);
    dlogprob_.resize(batch.row.size());
    for (size_t i = 0; i < batch.row.size(); ++i) {
      dlogprob_[i] = -batch.weight[i];
      report.loss -= static_cast<double>(batch.weight[i]) * trainer_.logprob()[i];
      entropy += trainer_.entropy()[i];
    }
    report.trained_tokens += static_cast<int64_t>(batch.row.size());
    trainer_.backward(dlogprob_, {});
  }
  if (!std::isfinite(report.loss)) return Error{ErrorCode::kGuard, str("the loss is ", report.loss)};
  report.entropy = entropy / static_cast<double>(std::max<int64_t>(report.trained_tokens, 1));
  HONE_TRY(trainer_.step(report));
  update_router_bias(weights_, trainer_.load(), router_bias_rate_);
  return report;
}

GrpoLearner::GrpoLearner(policy::Weights& weights, Optimizer& optimizer, const StageConfig& stage,
                         const rl::ObjectiveConfig& objective, std::unique_ptr<policy::Weights> reference,
                         const kernels::Stream& stream)
    : stage_(stage),
      objective_(objective),
      trainer_(weights, optimizer, stage, stream),
      reference_(std::move(reference)) {
  HONE_CHECK(objective.kl_coef == 0 || reference_, "a KL term needs a reference");
  if (reference_) reference_network_ = std::make_unique<policy::PackedNetwork>(*reference_, stream, 0);
}

void GrpoLearner::reference_logprobs(const rl::TokenBatch& batch) {
  reference_logprob_.resize(batch.row.size());
  std::vector<float> entropy(batch.row.size());
  reference_network_->forward(batch.tokens, segments_of(batch));
  reference_network_->token_logprobs({batch.row, batch.target, 1.0f / static_cast<float>(stage_.temperature)},
                                     reference_logprob_.data(), entropy.data());
}

Result<void> GrpoLearner::train_batch(const rl::TokenBatch& batch, bool check_parity, rl::UpdateReport& report) {
  // The sampler divides by the temperature as a float: the same quotient here.
  trainer_.forward(batch, 1.0f / static_cast<float>(stage_.temperature));
  const size_t n = batch.row.size();
  if (check_parity) {
    double& worst = report.parity_max_abs_diff;
    for (size_t i = 0; i < n; ++i) {
      const double difference = std::fabs(static_cast<double>(trainer_.logprob()[i]) - batch.behaviour_logprob[i]);
      if (!(difference <= worst)) worst = difference;  // a NaN stays
    }
  }
  if (reference_network_) reference_logprobs(batch);
  dlogprob_.resize(n);
  dentropy_.resize(n);
  HONE_TRY_ASSIGN(const ObjectiveOutput out,
                  grpo_objective(objective_,
                                 {trainer_.logprob(), trainer_.entropy(), batch.behaviour_logprob, reference_logprob_,
                                  batch.advantage, batch.weight},
                                 dlogprob_, dentropy_));
  report.loss += out.loss;
  report.kl += out.k3;
  report.clip_low += out.clipped_low;
  report.clip_high += out.clipped_high;
  for (float entropy : trainer_.entropy()) report.entropy += entropy;
  report.trained_tokens += static_cast<int64_t>(n);
  trainer_.backward(dlogprob_,
                    objective_.entropy_coef != 0 ? std::span<const float>(dentropy_) : std::span<const float>());
  return {};
}

Result<rl::UpdateReport> GrpoLearner::update(const std::vector<rl::TokenBatch>& batches, bool first_of_rollout) {
  rl::UpdateReport report;
  report.has_kl = reference_network_ != nullptr;
  for (const rl::TokenBatch& batch : batches) HONE_TRY(train_batch(batch, first_of_rollout, report));
  if (report.parity_max_abs_diff != 0)
    return Error{ErrorCode::kGuard,
                 str("sampler and trainer disagree: parity/max_abs_diff is ", report.parity_max_abs_diff,
                     ", must be 0; nothing was updated")};
  const double tokens = static_cast<double>(std::max<int64_t>(report.trained_tokens, 1));
  for (double* mean : {&report.kl, &report.clip_low, &report.clip_high, &report.entropy}) *mean /= tokens;
  HONE_TRY(trainer_.step(report));
  report.version = ++version_;
  return report;
}

}  // namespace hone::trainer
