#include "trainer/memory_plan.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "policy/memory_meter.h"
#include "policy/packed_network.h"
#include "policy/paged_decoder.h"
#include "trainer/learner.h"

namespace hone::trainer {
namespace {

constexpr int64_t kMostLogits = 64 << 20;  // bytes that the head's kernels take for logits at a time

int64_t blocks_of(int64_t tokens) { return (tokens + policy::kBlockTokens - 1) / policy::kBlockTokens; }

int64_t logits_bytes(const policy::ModelConfig& config, int64_t rows) {
  return std::min(kMostLogits, rows * config.vocab_size * static_cast<int64_t>(sizeof(float)));
}

}  // namespace

ParameterCount count_parameters(const policy::ModelConfig& config) {
  const auto layout = policy::make_layout(config, kernels::cpu_backend(kernels::DType::kF32));
  ParameterCount out{layout.size, layout.size};
  for (const policy::LayerLayout& layer : layout.layers)
    for (const policy::Matrix* m : {&layer.expert_gate_up, &layer.expert_down})
      if (m->exists()) out.active -= (m->count - config.router.top_k) * m->out * m->in;
  return out;
}

SamplingMemory sampling_memory(const policy::ModelConfig& config, const kernels::Backend& backend, int64_t sequences,
                               int64_t tokens, int64_t prefill) {
  const policy::MemoryMeter meter(backend);
  const policy::Weights weights(config, meter.backend(), policy::Use::kSample);
  const int64_t before = meter.bytes(), blocks = sequences * blocks_of(tokens);
  ThreadTeam alone(1);
  const policy::PagedDecoder decoder(weights, {&alone}, static_cast<int32_t>(blocks),
                                     static_cast<int32_t>(sequences + prefill));
  SamplingMemory out{weights.bytes(), blocks * policy::PagedDecoder::block_bytes(weights)};
  out.workspace = meter.bytes() - before - out.cache + logits_bytes(config, sequences);
  return out;
}

TrainingMemory training_memory(const policy::ModelConfig& config, const kernels::Backend& backend,
                               int64_t token_budget) {
  const policy::MemoryMeter meter(backend);
  const policy::Weights weights(config, meter.backend(), policy::Use::kTrain);
  const int64_t before = meter.bytes();
  ThreadTeam alone(1);
  policy::PackedNetwork network(weights, {&alone}, kKeptActivationBytes);
  network.reserve(token_budget, blocks_of(token_budget));
  const int64_t one = weights.size() * static_cast<int64_t>(kernels::size_of(backend.dtype));
  return {one, one, 2 * one, weights.bytes() - one, meter.bytes() - before + logits_bytes(config, token_budget)};
}

Result<void> check_memory(const policy::Weights& weights, const StageConfig& stage) {
  const TrainingMemory need = training_memory(weights.config(), weights.backend(), stage.token_budget);
  const int64_t total = weights.backend().memory().total;
  if (need.total() <= total) return {};
  return Error{.message = str("training takes ", need.total() >> 20, " MiB, of them ", need.activations >> 20,
                              " for the activations of ", stage.token_budget, " tokens; this machine has ",
                              total >> 20, " MiB in all"),
               .field = "stages." + stage.name + ".token_budget"};
}

Result<void> check_space(const policy::Weights& weights, const RunConfig& config) {
  const bool rounded = weights.backend().compact == kernels::DType::kBf16;
  const int64_t one = weights.size() * (3 * static_cast<int64_t>(sizeof(float)) + (rounded ? 2 : 0));
  const int64_t needed =
      one * (config.checkpoint.keep + 2 * static_cast<int64_t>(config.stages.size()) + 1) + (16 << 20);
  std::filesystem::path there = std::filesystem::absolute(config.run.dir);
  while (!path_exists(there.string()) && there.has_relative_path()) there = there.parent_path();
  HONE_TRY_ASSIGN(const int64_t free, free_space(there.string()));
  if (free >= needed) return {};
  return Error{ErrorCode::kIo, str("needs ", needed >> 20, " MiB for checkpoints, ", free >> 20, " MiB are free"),
               config.run.dir};
}

}  // namespace hone::trainer
