// A tiny policy with weights, and a batch to train it on.
#pragma once

#include <memory>

#include "base/philox.h"
#include "policy/packed_network.h"
#include "policy/weights.h"
#include "rl/types.h"
#include "tests/support/tiny_models.h"

namespace hone::test {

inline policy::ModelConfig tiny_moe() {
  policy::ModelConfig config = tiny_mla();
  add_experts(config);
  config.init_std = 0.1;
  return config;
}

inline std::unique_ptr<policy::Weights> make_weights(const policy::ModelConfig& config, const kernels::Stream& stream,
                                                     const kernels::Backend& backend) {
  auto weights = std::make_unique<policy::Weights>(config, backend, policy::Use::kTrain);
  weights->initialize(5);
  weights->repack(stream);
  return weights;
}

inline std::vector<float> values_of(const policy::Weights& weights) {
  const float* begin = static_cast<const float*>(weights.at(0));
  return {begin, begin + weights.size()};
}

// `sequences` of 24 random tokens each, every token but the first trained. No log-probabilities or advantages yet.
inline rl::TokenBatch random_batch(int sequences, uint32_t vocabulary) {
  constexpr int kLength = 24;
  PhiloxStream random(9, 9);
  rl::TokenBatch batch;
  for (int s = 0; s < sequences; ++s) {
    batch.segments.push_back({s * kLength, kLength, 0, -1, 0});
    for (int t = 0; t < kLength; ++t) {
      const auto token = static_cast<int32_t>(random.below(vocabulary));
      if (t > 0) {
        batch.row.push_back(s * kLength + t - 1);
        batch.target.push_back(token);
        batch.weight.push_back(1.0f / static_cast<float>(sequences * (kLength - 1)));
        batch.sequence.push_back(s);
      }
      batch.tokens.push_back(token);
    }
  }
  return batch;
}

// The log-probabilities of the batch's targets, each sequence computed alone as a sampler does.
inline std::vector<float> logprobs_one_by_one(const rl::TokenBatch& batch, const policy::Weights& weights,
                                              const kernels::Stream& stream) {
  policy::PackedNetwork network(weights, stream, 0);
  std::vector<float> out;
  for (const rl::Segment& segment : batch.segments) {
    const auto begin = batch.tokens.begin() + segment.start;
    const std::vector<int32_t> tokens(begin, begin + segment.length);
    std::vector<int32_t> row, target(tokens.begin() + 1, tokens.end());
    for (int32_t t = 0; t + 1 < segment.length; ++t) row.push_back(t);
    std::vector<float> logprob(row.size()), entropy(row.size());
    network.forward(tokens, std::vector<policy::PackedSegment>{{0, segment.length, 0, -1}});
    network.token_logprobs({row, target, 1}, logprob.data(), entropy.data());
    out.insert(out.end(), logprob.begin(), logprob.end());
  }
  return out;
}

}  // namespace hone::test
