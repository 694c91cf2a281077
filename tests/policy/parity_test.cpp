// Sampler and trainer agree to the last bit: log-probabilities of the paged decoder against the packed network.
#include <gtest/gtest.h>

#include <cstring>

#include "base/philox.h"
#include "policy/packed_network.h"
#include "policy/paged_decoder.h"
#include "tests/support/tiny_models.h"
#include "tests/support/vary_vectors.h"

namespace hone::policy {
namespace {

ModelConfig wide_moe() {
  ModelConfig c = test::tiny_mla();
  test::add_experts(c);
  c.hidden_size = 1024;
  c.intermediate_size = 640;
  c.moe_intermediate_size = 520;
  c.kv_lora_rank = 512;
  c.init_std = 0.03;
  return c;
}

std::vector<test::NamedModel> models() {
  auto out = test::tiny_models();
  out.push_back({"hidden_1024", wide_moe()});
  return out;
}

class ParityTest : public testing::TestWithParam<std::tuple<test::NamedModel, kernels::DType>> {
 protected:
  ParityTest() : weights_(std::get<0>(GetParam()).config, kernels::cpu_backend(std::get<1>(GetParam())), Use::kTrain) {
    weights_.initialize(5);
    test::vary_vectors<float>(weights_);
    weights_.repack(stream_);
    PhiloxStream random(1, 1);
    for (int i = 0; i < 40; ++i) tokens_.push_back(static_cast<int32_t>(random.below(37)));
  }

  // Log-probabilities of tokens_[1..] by the packed network, prompt of `shared` tokens as a segment of its own, among
  // others.
  std::vector<float> packed(int shared) {
    PackedNetwork network(weights_, stream_, size_t{1} << 30);
    std::vector<int32_t> tokens{1, 2, 3}, row, target;
    std::vector<PackedSegment> segments{{0, 3, 0, -1}};
    tokens.insert(tokens.end(), tokens_.begin(), tokens_.end());
    const int32_t n = static_cast<int32_t>(tokens_.size());
    if (shared > 0) {
      segments.push_back({3, shared, 0, -1});
      segments.push_back({3 + shared, n - shared, shared, 1});
    } else {
      segments.push_back({3, n, 0, -1});
    }
    for (int i = 1; i < n; ++i) {
      row.push_back(3 + i - 1);
      target.push_back(tokens_[i]);
    }
    std::vector<float> logprob(row.size()), entropy(row.size());
    network.forward(tokens, segments);
    network.token_logprobs({row, target, 1}, logprob.data(), entropy.data());
    return logprob;
  }

  // The same by the decoder in chunks of `chunk` rows, beside another sequence. Forced tokens: a draw at temperature 0
  // gives the log-probability of its own choice, so each row is compared through the packed network with that choice as
  // target.
  void expect_draws_equal(int chunk) {
    PagedDecoder decoder(weights_, stream_, 16, 64);
    PackedNetwork network(weights_, stream_, 0);
    network.forward(tokens_, std::vector<PackedSegment>{{0, static_cast<int32_t>(tokens_.size()), 0, -1}});
    const std::vector<int32_t> blocks{9, 2, 5}, other{7};
    for (int at = 0; at < static_cast<int>(tokens_.size()); at += chunk) {
      const int n = std::min<int>(chunk, static_cast<int>(tokens_.size()) - at);
      std::vector<int32_t> tokens(tokens_.begin() + at, tokens_.begin() + at + n);
      std::vector<DecodeSpan> spans{{0, n, at, blocks.data()}};
      if (at % 2) {
        tokens.insert(tokens.end(), {4, 5});
        spans.push_back({n, 2, 0, other.data()});
      }
      decoder.forward(tokens, spans);
      for (int i = 0; i < n; ++i) {
        const DrawRequest request{i, 99, static_cast<uint32_t>(at + i), 3, 4, {0.9f, 1, 0}};
        Draw draw;
        decoder.draw({&request, 1}, {&draw, 1});
        float logprob, entropy;
        const int32_t row = at + i;
        network.token_logprobs({{&row, 1}, {&draw.token, 1}, 1 / 0.9f}, &logprob, &entropy);
        EXPECT_EQ(std::memcmp(&logprob, &draw.logprob, 4), 0)
            << "row " << row << ": " << logprob << " vs " << draw.logprob;
        EXPECT_EQ(std::memcmp(&entropy, &draw.entropy, 4), 0);
      }
    }
  }

  ThreadTeam team_{2};
  kernels::Stream stream_{&team_};
  Weights weights_;
  std::vector<int32_t> tokens_;
};

TEST_P(ParityTest, DecodingTokenByTokenEqualsPacked) { expect_draws_equal(1); }
TEST_P(ParityTest, ChunkedPrefillEqualsPacked) { expect_draws_equal(7); }
TEST_P(ParityTest, OnePrefillEqualsPacked) { expect_draws_equal(40); }

TEST_P(ParityTest, SharedPromptEqualsWholeSequence) {
  const auto whole = packed(0);
  for (int shared : {1, 15, 16, 17, 33})
    EXPECT_EQ(std::memcmp(whole.data(), packed(shared).data(), whole.size() * 4), 0) << shared;
}

INSTANTIATE_TEST_SUITE_P(Models, ParityTest,
                         testing::Combine(testing::ValuesIn(models()),
                                          testing::Values(kernels::DType::kF32, kernels::DType::kBf16)),
                         [](const auto& info) {
                           const bool bf16 = std::get<1>(info.param) == kernels::DType::kBf16;
                           return std::get<0>(info.param).name + (bf16 ? "_bf16" : "_f32");
                         });

}  // namespace
}  // namespace hone::policy
