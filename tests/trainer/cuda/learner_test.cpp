// Training on the backends of the CUDA plug-in, whose kernels the emulator runs, in memory that the host cannot reach.
#include <gtest/gtest.h>

#include "kernels/cuda/table.h"
#include "tests/support/emulator.h"
#include "tests/support/tiny_weights.h"
#include "trainer/learner.h"
#include "trainer/model.h"

namespace hone::trainer {
namespace {

class DeviceLearner : public testing::TestWithParam<kernels::DType> {
 protected:
  DeviceLearner() { device_.hide_from_host(); }

  static StageConfig stage() {
    StageConfig stage;
    stage.kind = StageKind::kSft;
    stage.schedule = Schedule::kConstant;
    stage.steps = 3;
    stage.learning_rate = 1e-2;
    return stage;
  }

  std::vector<rl::UpdateReport> train(policy::Weights& weights) {
    const StageConfig config = stage();
    Optimizer optimizer(weights);
    SupervisedLearner learner(weights, optimizer, config, 1e-3, stream_);
    std::vector<rl::UpdateReport> out;
    for (int64_t step = 0; step < config.steps; ++step) {
      auto report = learner.update({test::random_batch(2, 37)});
      EXPECT_TRUE(report.ok());
      if (report.ok()) out.push_back(*report);
    }
    return out;
  }

  test::EmulatedDevice device_{7};
  ThreadTeam team_{1};
  const kernels::Stream stream_{&team_};
};

TEST_P(DeviceLearner, LearnsAsOnTheCpu) {
  const auto here = test::make_weights(test::tiny_moe(), stream_, kernels::cpu_backend(GetParam()));
  const auto there = test::make_weights(test::tiny_moe(), stream_, kernels::cuda::table(GetParam()));
  const auto expected = train(*here), got = train(*there);
  ASSERT_EQ(device_.report(), "");
  ASSERT_EQ(got.size(), expected.size());
  EXPECT_LT(got.back().loss, got.front().loss);
  const double tolerance = GetParam() == kernels::DType::kF32 ? 1e-4 : 2e-2;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i].loss / expected[i].loss, 1, tolerance) << "step " << i;
    EXPECT_NEAR(got[i].grad_norm / expected[i].grad_norm, 1, tolerance) << "step " << i;
  }
}

// What a checkpoint holds is what the device holds.
TEST_P(DeviceLearner, CheckpointsHoldTheDevicesValues) {
  Model model;
  model.weights = test::make_weights(test::tiny_moe(), stream_, kernels::cuda::table(GetParam()));
  train(*model.weights);
  for (const policy::TensorOut& tensor : parameter_tensors(*model.weights, model.weights->at(0), "")) {
    std::vector<std::byte> bytes;
    const auto written = tensor.write([&](std::span<const std::byte> piece) {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
      return Result<void>();
    });
    ASSERT_TRUE(written.ok());
    ASSERT_EQ(static_cast<int64_t>(bytes.size()), tensor.size());
    const auto& parameters = model.weights->layout().parameters;
    const auto p = std::ranges::find(parameters, tensor.name, &policy::Parameter::name);
    std::vector<float> values(static_cast<size_t>(p->size()));
    policy::MasterParameters(*model.weights)
        .read(static_cast<size_t>(p - parameters.begin()), 0, p->rows, values.data());
    EXPECT_EQ(std::memcmp(values.data(), bytes.data(), bytes.size()), 0) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Compact, DeviceLearner, testing::Values(kernels::DType::kF32, kernels::DType::kBf16),
                         [](const auto& info) { return info.param == kernels::DType::kF32 ? "f32" : "bf16"; });

}  // namespace
}  // namespace hone::trainer
