// What a policy takes in memory, to sample and to train, and on disk, before it is loaded. Bytes throughout.
#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "policy/weights.h"
#include "trainer/run_config.h"

namespace hone::trainer {

struct ParameterCount {
  int64_t total = 0;
  int64_t active = 0;  // those that compute one token: of the routed experts only the chosen
};
ParameterCount count_parameters(const policy::ModelConfig& config);

struct SamplingMemory {
  int64_t weights = 0;
  int64_t cache = 0;      // of keys and values
  int64_t workspace = 0;  // of one step
  int64_t total() const { return weights + cache + workspace; }
};
// `sequences` at once, each of up to `tokens` tokens, with `prefill` rows of prompts in a step besides theirs.
SamplingMemory sampling_memory(const policy::ModelConfig& config, const kernels::Backend& backend, int64_t sequences,
                               int64_t tokens, int64_t prefill);

struct TrainingMemory {
  int64_t masters = 0, gradients = 0, moments = 0;
  int64_t panels = 0;       // of both directions
  int64_t activations = 0;  // of a micro-batch
  int64_t total() const { return masters + gradients + moments + panels + activations; }
};
// Micro-batches of token_budget tokens. Sampling during a run takes cache and workspace besides.
TrainingMemory training_memory(const policy::ModelConfig& config, const kernels::Backend& backend,
                               int64_t token_budget);

// Error (field stages.NAME.token_budget) where training the stage takes more than there is in all; grpo's cache comes
// besides, in a share of what is left.
Result<void> check_memory(const policy::Weights& weights, const StageConfig& stage);

// Error (file: the run's directory) where its file system has no room for the checkpoints that are kept and one more.
Result<void> check_space(const policy::Weights& weights, const RunConfig& config);

}  // namespace hone::trainer
