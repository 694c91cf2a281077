#include "policy/weights.h"

#include <gtest/gtest.h>

#include "base/philox.h"
#include "policy/packed_network.h"
#include "policy/tensor.h"
#include "tests/support/tiny_weights.h"

namespace hone::policy {
namespace {

struct Case {
  test::NamedModel model;
  kernels::DType compact;
  bool tied;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const test::NamedModel& model : test::tiny_models())
    for (kernels::DType compact : {kernels::DType::kF32, kernels::DType::kBf16})
      for (bool tied : {false, true}) out.push_back({model, compact, tied});
  return out;
}

// Other values than a checkpoint in bf16 can hold, and norms and biases that are not all alike.
class Values final : public ParameterSource {
 public:
  Values(const ParameterLayout& layout, bool rounded) : layout_(layout), rounded_(rounded) {}
  void read(size_t parameter, int64_t first, int64_t count, float* out) const override {
    const Parameter& p = layout_.parameters[parameter];
    const int64_t cols = p.cols == 0 ? 1 : p.cols;
    for (int64_t i = 0; i < count * cols; ++i) {
      const auto r = philox4x32(7, {static_cast<uint32_t>(first * cols + i), static_cast<uint32_t>(parameter), 0, 0});
      out[i] = (static_cast<float>(r[0]) * 0x1p-32f - 0.5f) * (p.cols == 0 ? 0.4f : 0.6f) +
               (p.cols == 0 && p.initial != 0 ? 1.0f : 0.0f);
    }
    if (rounded_ && p.trained) round_to_bf16(out, count * cols);
  }

 private:
  const ParameterLayout& layout_;
  const bool rounded_;
};

class WeightsTest : public ::testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<Weights> make(Use use) {
    ModelConfig config = GetParam().model.config;
    config.tie_embeddings = GetParam().tied;
    return std::make_unique<Weights>(config, kernels::cpu_backend(GetParam().compact), use);
  }
  std::vector<float> logprobs(const Weights& weights) {
    return test::logprobs_one_by_one(
        test::random_batch(2, static_cast<uint32_t>(weights.config().vocab_size)), weights, stream_);
  }

  ThreadTeam team_{2};
  kernels::Stream stream_{&team_};
};

TEST_P(WeightsTest, SamplingComputesWhatTrainingComputes) {
  const auto trained = make(Use::kTrain), sampled = make(Use::kSample), copied = make(Use::kSample);
  trained->load(Values(trained->layout(), false), stream_);
  sampled->load(Values(sampled->layout(), false), stream_);
  copied->load(MasterParameters(*trained), stream_);
  EXPECT_EQ(logprobs(*sampled), logprobs(*trained));
  EXPECT_EQ(logprobs(*copied), logprobs(*trained));
}

TEST_P(WeightsTest, InBf16OnlyWhatACheckpointHoldsCounts) {
  if (GetParam().compact == kernels::DType::kF32) return;  // holds every value
  const auto exact = make(Use::kTrain), rounded = make(Use::kSample);
  exact->load(Values(exact->layout(), false), stream_);
  rounded->load(Values(rounded->layout(), true), stream_);
  EXPECT_EQ(logprobs(*exact), logprobs(*rounded));
}

TEST_P(WeightsTest, RepackFollowsTheMasters) {
  const auto changed = make(Use::kTrain), expected = make(Use::kSample);
  changed->initialize(3);
  changed->repack(stream_);
  const Values values(changed->layout(), false);
  for (size_t i = 0; i < changed->layout().parameters.size(); ++i) {
    const Parameter& p = changed->layout().parameters[i];
    values.read(i, 0, p.rows, static_cast<float*>(changed->at(p.offset)));
  }
  changed->repack(stream_);
  expected->load(values, stream_);
  EXPECT_EQ(logprobs(*changed), logprobs(*expected));
}

INSTANTIATE_TEST_SUITE_P(Models, WeightsTest, ::testing::ValuesIn(cases()), [](const auto& info) {
  return info.param.model.name + (info.param.compact == kernels::DType::kBf16 ? "_bf16" : "_f32") +
         (info.param.tied ? "_tied" : "");
});

TEST(RandomParameters, ValuesDoNotDependOnHowTheyAreRead) {
  const Weights weights(test::tiny_gqa(), kernels::cpu_backend(kernels::DType::kF32), Use::kSample);
  const RandomParameters source(weights.layout(), 0.5, 9);
  const Parameter& p = weights.layout().parameters[0];
  std::vector<float> whole(static_cast<size_t>(p.size())), rows(whole.size());
  source.read(0, 0, p.rows, whole.data());
  for (int64_t r = 0; r < p.rows; ++r) source.read(0, r, 1, rows.data() + r * p.cols);
  EXPECT_EQ(rows, whole);
}

}  // namespace
}  // namespace hone::policy
