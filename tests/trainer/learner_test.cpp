#include "trainer/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/split_k_fault.h"
#include "tests/support/tiny_weights.h"

namespace hone::trainer {
namespace {

using ::testing::HasSubstr;

const kernels::Backend& sound() { return kernels::cpu_backend(kernels::DType::kF32); }
const kernels::Backend& faulty() { return kernels::with_split_k_fault(sound()); }

bool guarded(const Result<rl::UpdateReport>& report) {
  return !report.ok() && report.error().code == ErrorCode::kGuard;
}

class LearnerTest : public ::testing::Test {
 protected:
  // Four sequences as the sound sampler recorded them.
  rl::TokenBatch sampled_batch() {
    const auto weights = test::make_weights(test::tiny_moe(), stream_, sound());
    rl::TokenBatch batch = test::random_batch(4, 37);
    batch.behaviour_logprob = test::logprobs_one_by_one(batch, *weights, stream_);
    for (int32_t sequence : batch.sequence) batch.advantage.push_back(sequence % 2 ? 1.0f : -1.0f);
    return batch;
  }
  // One first update of a policy on that backend.
  Result<rl::UpdateReport> update(const kernels::Backend& backend, const rl::TokenBatch& batch) {
    weights_ = test::make_weights(test::tiny_moe(), stream_, backend);
    Optimizer optimizer(*weights_);
    GrpoLearner learner(*weights_, optimizer, stage_, {}, nullptr, stream_);
    auto report = learner.update({batch}, true);
    version_ = learner.version();
    return report;
  }

  static StageConfig stage() {
    StageConfig stage;
    stage.kind = StageKind::kGrpo;
    stage.schedule = Schedule::kConstant;
    stage.steps = 4;
    stage.learning_rate = 1e-2;
    return stage;
  }

  ThreadTeam team_{2};
  kernels::Stream stream_{&team_};
  StageConfig stage_ = stage();
  std::unique_ptr<policy::Weights> weights_;
  int64_t version_ = 0;
};

TEST_F(LearnerTest, ASoundSamplerAgreesToTheLastBit) {
  const auto report = update(sound(), sampled_batch());
  ASSERT_TRUE(report.ok()) << report.error().to_string();
  EXPECT_EQ(report->parity_max_abs_diff, 0);
  EXPECT_EQ(version_, 1);
}

TEST_F(LearnerTest, AProductThatDependsOnTheBatchTripsTheGuardAndChangesNothing) {
  const auto report = update(faulty(), sampled_batch());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kGuard);
  EXPECT_THAT(report.error().message, HasSubstr("parity/max_abs_diff"));
  EXPECT_EQ(version_, 0);
  EXPECT_EQ(test::values_of(*weights_), test::values_of(*test::make_weights(test::tiny_moe(), stream_, sound())));
}

TEST_F(LearnerTest, OneBitOfOneRecordedTokenTripsTheGuard) {
  rl::TokenBatch batch = sampled_batch();
  batch.behaviour_logprob[17] = std::nextafter(batch.behaviour_logprob[17], 0.0f);
  EXPECT_TRUE(guarded(update(sound(), batch)));
}

TEST_F(LearnerTest, ARecordedNanTripsTheGuard) {
  rl::TokenBatch batch = sampled_batch();
  batch.behaviour_logprob[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(guarded(update(sound(), batch)));
}

TEST_F(LearnerTest, LaterUpdatesOfARolloutMayDifferFromTheSampler) {
  const auto weights = test::make_weights(test::tiny_moe(), stream_, sound());
  Optimizer optimizer(*weights);
  GrpoLearner learner(*weights, optimizer, stage_, {}, nullptr, stream_);
  const rl::TokenBatch batch = sampled_batch();
  ASSERT_TRUE(learner.update({batch}, true).ok());
  EXPECT_TRUE(learner.update({batch}, false).ok());
  EXPECT_TRUE(guarded(learner.update({batch}, true)));
}

TEST_F(LearnerTest, AnUpdateMakesGoodAnswersLikelier) {
  const rl::TokenBatch batch = sampled_batch();
  ASSERT_TRUE(update(sound(), batch).ok());
  const auto after = test::logprobs_one_by_one(batch, *weights_, stream_);
  double good = 0, bad = 0;
  for (size_t i = 0; i < after.size(); ++i)
    (batch.advantage[i] > 0 ? good : bad) += after[i] - batch.behaviour_logprob[i];
  EXPECT_GT(good, 0);
  EXPECT_LT(bad, 0);
}

}  // namespace
}  // namespace hone::trainer
