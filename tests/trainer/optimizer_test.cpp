#include "trainer/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/tiny_weights.h"

namespace hone::trainer {
namespace {

StageConfig stage_of(Schedule schedule, int64_t steps, int64_t warmup) {
  StageConfig stage;
  stage.schedule = schedule;
  stage.steps = steps;
  stage.warmup_steps = warmup;
  stage.learning_rate = 0.01;
  return stage;
}

TEST(LearningRate, RisesLinearlyAndStays) {
  const StageConfig stage = stage_of(Schedule::kConstant, 10, 4);
  for (const auto& [step, share] : {std::pair{0, 0.25}, {1, 0.5}, {3, 1.0}, {4, 1.0}, {9, 1.0}})
    EXPECT_DOUBLE_EQ(scheduled_learning_rate(stage, step), 0.01 * share) << step;
}

TEST(LearningRate, FallsAsACosineOverTheWholeStage) {
  const StageConfig stage = stage_of(Schedule::kCosine, 8, 0);
  for (const auto& [step, share] : {std::pair{0, 1.0}, {2, 0.5 + 0.5 * std::sqrt(0.5)}, {4, 0.5}, {8, 0.0}})
    EXPECT_NEAR(scheduled_learning_rate(stage, step), 0.01 * share, 1e-15) << step;
}

TEST(LearningRate, WarmUpAndCosineMultiply) {
  EXPECT_NEAR(scheduled_learning_rate(stage_of(Schedule::kCosine, 8, 8), 4), 0.01 * 0.5 * 5 / 8, 1e-15);
}

class OptimizerTest : public ::testing::Test {
 protected:
  void fill_gradient(float value) {
    float* g = static_cast<float*>(optimizer_.gradient().at(0));
    for (const policy::Parameter& p : weights_->layout().parameters)
      for (int64_t i = 0; i < p.size(); ++i) g[p.offset + i] = p.trained ? value : 0;
  }
  float norm_of_ones() const {
    double count = 0;
    for (const policy::Parameter& p : weights_->layout().parameters)
      count += p.trained ? static_cast<double>(p.size()) : 0;
    return static_cast<float>(std::sqrt(count));
  }

  ThreadTeam team_{2};
  kernels::Stream stream_{&team_};
  std::unique_ptr<policy::Weights> weights_ =
      test::make_weights(test::tiny_moe(), stream_, kernels::cpu_backend(kernels::DType::kF32));
  Optimizer optimizer_{*weights_};
  StageConfig stage_ = stage_of(Schedule::kConstant, 10, 0);
};

TEST_F(OptimizerTest, TheFirstStepMovesEveryTrainedWeightByTheRate) {
  const auto before = test::values_of(*weights_);
  fill_gradient(1e-3f);
  ASSERT_TRUE(optimizer_.step(stage_, 0.01, stream_).ok());
  const auto after = test::values_of(*weights_);
  for (const policy::Parameter& p : weights_->layout().parameters)
    for (int64_t i = p.offset; i < p.offset + p.size(); ++i)
      EXPECT_NEAR(after[i] - before[i], p.trained ? -0.01 : 0, 1e-6) << p.name;
}

TEST_F(OptimizerTest, ReturnsTheNormBeforeClippingAndClipsWhatGoesIntoTheMoments) {
  fill_gradient(1);
  const auto norm = optimizer_.step(stage_, 0.01, stream_);
  ASSERT_TRUE(norm.ok());
  EXPECT_NEAR(*norm, norm_of_ones(), 1e-3);
  const float* m = static_cast<const float*>(optimizer_.first_moment().at(0));
  EXPECT_NEAR(m[0], 0.1 / norm_of_ones(), 1e-6);
}

TEST_F(OptimizerTest, ASmallGradientIsNotScaled) {
  fill_gradient(1e-4f);
  ASSERT_TRUE(optimizer_.step(stage_, 0.01, stream_).ok());
  EXPECT_NEAR(static_cast<const float*>(optimizer_.first_moment().at(0))[0], 1e-5, 1e-9);
}

TEST_F(OptimizerTest, TheGradientIsZeroAfterAStep) {
  fill_gradient(1);
  ASSERT_TRUE(optimizer_.step(stage_, 0.01, stream_).ok());
  const float* g = static_cast<const float*>(optimizer_.gradient().at(0));
  for (int64_t i = 0; i < weights_->size(); ++i) ASSERT_EQ(g[i], 0) << i;
}

TEST_F(OptimizerTest, AGradientThatIsNotFiniteChangesNothing) {
  const auto before = test::values_of(*weights_);
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    fill_gradient(1);
    static_cast<float*>(optimizer_.gradient().at(0))[3] = bad;
    const auto norm = optimizer_.step(stage_, 0.01, stream_);
    ASSERT_FALSE(norm.ok());
    EXPECT_EQ(norm.error().code, ErrorCode::kGuard);
    EXPECT_EQ(test::values_of(*weights_), before);
    EXPECT_EQ(static_cast<const float*>(optimizer_.first_moment().at(0))[0], 0);
    EXPECT_EQ(optimizer_.steps(), 0);
  }
}

TEST_F(OptimizerTest, OnlyMatricesDecay) {
  stage_.weight_decay = 0.5;
  const auto before = test::values_of(*weights_);
  fill_gradient(0);
  ASSERT_TRUE(optimizer_.step(stage_, 0.01, stream_).ok());
  const auto after = test::values_of(*weights_);
  for (const policy::Parameter& p : weights_->layout().parameters)
    for (int64_t i = p.offset; i < p.offset + p.size(); ++i)
      EXPECT_NEAR(after[i], before[i] * (p.cols > 0 ? 1 - 0.01 * 0.5 : 1), 1e-7) << p.name;
}

TEST_F(OptimizerTest, ResetForgetsTheMoments) {
  fill_gradient(1);
  ASSERT_TRUE(optimizer_.step(stage_, 0.01, stream_).ok());
  optimizer_.reset(stream_);
  EXPECT_EQ(optimizer_.steps(), 0);
  EXPECT_EQ(static_cast<const float*>(optimizer_.first_moment().at(0))[0], 0);
  EXPECT_EQ(static_cast<const float*>(optimizer_.second_moment().at(0))[0], 0);
}

TEST_F(OptimizerTest, TheRoutersBiasMovesAgainstTheLoad) {
  const policy::ModelConfig& c = weights_->config();
  std::vector<int64_t> load(c.layers * c.experts, 0);
  const std::vector<int64_t> uneven{9, 3, 5, 5, 4, 4};  // mean 5
  std::copy(uneven.begin(), uneven.end(), load.begin() + c.experts);
  const auto before = test::values_of(*weights_);
  update_router_bias(*weights_, load, 0.001);
  auto expected = before;
  const int64_t bias = weights_->layout().layers[1].router_bias;
  for (const auto& [expert, change] : {std::pair{0, -0.001f}, {1, 0.001f}, {4, 0.001f}, {5, 0.001f}})
    expected[bias + expert] += change;
  EXPECT_EQ(test::values_of(*weights_), expected);
}

}  // namespace
}  // namespace hone::trainer
