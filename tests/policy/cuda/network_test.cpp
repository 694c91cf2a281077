// The whole network on the backends of the CUDA plug-in, whose kernels the emulator runs, in memory that the host
// cannot reach: log-probabilities and gradients against the CPU's, and the sampler's against the trainer's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/philox.h"
#include "kernels/cuda/table.h"
#include "policy/packed_network.h"
#include "policy/paged_decoder.h"
#include "tests/support/emulator.h"
#include "tests/support/tiny_models.h"

namespace hone::policy {
namespace {

using kernels::DType;

struct Values {
  std::vector<float> logprob, entropy, gradient;
};

constexpr int32_t kPrompt = 18, kAnswer = 9;

// A prompt with two answers, and a sequence of its own.
struct Batch {
  std::vector<int32_t> tokens, row, target;
  std::vector<PackedSegment> segments{{0, kPrompt, 0, -1},
                                      {kPrompt, kAnswer, kPrompt, 0},
                                      {kPrompt + kAnswer, kAnswer, kPrompt, 0},
                                      {kPrompt + 2 * kAnswer, 5, 0, -1}};
  Batch() {
    PhiloxStream random(1, 1);
    for (int i = 0; i < kPrompt + 2 * kAnswer + 5; ++i) tokens.push_back(static_cast<int32_t>(random.below(37)));
    for (int32_t i = 0; i + 1 < static_cast<int32_t>(tokens.size()); i += 2) {
      row.push_back(i);
      target.push_back(tokens[i + 1]);
    }
  }
};

std::unique_ptr<Weights> make_weights(const ModelConfig& config, const kernels::Backend& backend,
                                      const kernels::Stream& stream) {
  auto weights = std::make_unique<Weights>(config, backend, Use::kTrain);
  weights->initialize(5);
  weights->repack(stream);
  return weights;
}

Values train(const Weights& weights, const kernels::Stream& stream, size_t keep_bytes) {
  const Batch batch;
  Values out{std::vector<float>(batch.row.size()), std::vector<float>(batch.row.size()),
             std::vector<float>(static_cast<size_t>(weights.size()))};
  PackedNetwork network(weights, stream, keep_bytes);
  const Arena gradient(weights.backend(), weights.size());
  network.forward(batch.tokens, batch.segments);
  network.token_logprobs({batch.row, batch.target, 1}, out.logprob.data(), out.entropy.data());
  const std::vector<float> dlogprob(batch.row.size(), -0.25f), dentropy(batch.row.size(), 0.125f);
  network.backward({batch.row, batch.target, 1}, dlogprob.data(), dentropy.data(), gradient);
  weights.backend().read(out.gradient.data(), gradient.at(0), gradient.bytes(), stream);
  return out;
}

// Of the largest of the expected ones.
float distance(const std::vector<float>& got, const std::vector<float>& expected) {
  float largest = 0, worst = 0;
  for (float x : expected) largest = std::max(largest, std::fabs(x));
  for (size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::fabs(got[i] - expected[i]));
  return worst / largest;
}

class DeviceNetwork : public testing::TestWithParam<std::tuple<test::NamedModel, DType>> {
 protected:
  DeviceNetwork() { device_.hide_from_host(); }

  const ModelConfig& config() const { return std::get<0>(GetParam()).config; }
  DType compact() const { return std::get<1>(GetParam()); }

  test::EmulatedDevice device_{3};
  ThreadTeam team_{1};
  const kernels::Stream stream_{&team_};
};

TEST_P(DeviceNetwork, TrainsAsOnTheCpu) {
  // bf16: the chains of the CPU's bf16 instructions are others, and a value may round to its neighbour.
  const float tolerance = compact() == DType::kF32 ? 2e-5f : 2e-2f;
  const auto here = make_weights(config(), kernels::cpu_backend(compact()), stream_);
  const auto there = make_weights(config(), kernels::cuda::table(compact()), stream_);
  const Values expected = train(*here, stream_, 0), got = train(*there, stream_, size_t{1} << 30);
  ASSERT_EQ(device_.report(), "");
  EXPECT_LE(distance(got.logprob, expected.logprob), tolerance);
  EXPECT_LE(distance(got.entropy, expected.entropy), tolerance);
  EXPECT_LE(distance(got.gradient, expected.gradient), tolerance);
  const Values again = train(*there, stream_, 0);
  EXPECT_EQ(again.logprob, got.logprob) << "activations computed again";
  EXPECT_EQ(again.gradient, got.gradient) << "activations computed again";
}

// By chunks of several sizes, in blocks out of order.
TEST_P(DeviceNetwork, SamplerAndTrainerHaveTheSameBits) {
  const auto weights = make_weights(config(), kernels::cuda::table(compact()), stream_);
  const Batch batch;
  const std::vector<int32_t> tokens(batch.tokens.begin(), batch.tokens.begin() + kPrompt + kAnswer);
  PackedNetwork network(*weights, stream_, 0);
  network.forward(batch.tokens, batch.segments);
  for (const int32_t chunk : {1, 7}) {
    PagedDecoder decoder(*weights, stream_, 4, 16);
    const std::vector<int32_t> blocks{3, 1};
    for (int32_t at = 0; at < static_cast<int32_t>(tokens.size()); at += chunk) {
      const int32_t n = std::min(chunk, static_cast<int32_t>(tokens.size()) - at);
      decoder.forward(std::span(tokens).subspan(at, n), std::vector<DecodeSpan>{{0, n, at, blocks.data()}});
      const DrawRequest request{n - 1, 99, static_cast<uint32_t>(at), 3, 4, {0.9f, 1, 0}};
      Draw draw;
      decoder.draw({&request, 1}, {&draw, 1});
      const int32_t row = at + n - 1;
      float logprob = 0, entropy = 0;
      network.token_logprobs({{&row, 1}, {&draw.token, 1}, 1 / 0.9f}, &logprob, &entropy);
      ASSERT_EQ(device_.report(), "");
      EXPECT_EQ(std::memcmp(&logprob, &draw.logprob, sizeof logprob), 0) << "row " << row << ", chunks of " << chunk;
      EXPECT_EQ(std::memcmp(&entropy, &draw.entropy, sizeof entropy), 0) << "row " << row << ", chunks of " << chunk;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, DeviceNetwork,
                         testing::Combine(testing::ValuesIn(test::tiny_models()),
                                          testing::Values(DType::kF32, DType::kBf16)),
                         [](const auto& info) {
                           return std::get<0>(info.param).name +
                                  (std::get<1>(info.param) == DType::kF32 ? "_f32" : "_bf16");
                         });

}  // namespace
}  // namespace hone::policy
