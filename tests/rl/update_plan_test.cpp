#include "rl/update_plan.h"

#include <numeric>

#include <gmock/gmock.h>

#include "tests/support/fake_ports.h"

namespace hone::rl {
namespace {

struct Kept {
  std::vector<Group> groups;
  std::vector<float> advantages = {1, -1};

  explicit Kept(uint64_t count) {
    for (uint64_t serial = 0; serial < count; ++serial) {
      auto prompt = std::make_shared<Prompt>();
      prompt->serial = serial;
      prompt->tokens = {static_cast<Token>(serial)};
      groups.push_back({prompt, {fake::make_sample(serial, 0), fake::make_sample(serial, 1)}});
    }
  }
  std::vector<TrainedGroup> trained() const {
    std::vector<TrainedGroup> result;
    for (const Group& group : groups) result.push_back({&group, advantages});
    return result;
  }
};

double weight_of(const std::vector<TokenBatch>& batches) {
  double sum = 0;
  for (const TokenBatch& batch : batches) sum = std::accumulate(batch.weight.begin(), batch.weight.end(), sum);
  return sum;
}

TEST(UpdatePlan, TokenMeanWeightsSumToOneInEveryUpdate) {
  const Kept kept(7);
  const auto plan = plan_updates(kept.trained(), {.updates_per_rollout = 3, .token_budget = 10});
  ASSERT_EQ(plan.size(), 3u);
  for (const auto& batches : plan) EXPECT_NEAR(weight_of(batches), 1, 1e-6);
}

TEST(UpdatePlan, GroupsStayWholeAndInOrder) {
  const Kept kept(7);
  const auto plan = plan_updates(kept.trained(), {.updates_per_rollout = 3, .token_budget = 1000});
  std::vector<std::vector<Token>> prompts;
  for (const auto& batches : plan) {
    prompts.emplace_back();
    for (const Segment& segment : batches[0].segments) {
      if (segment.parent < 0) prompts.back().push_back(batches[0].tokens[static_cast<size_t>(segment.start)]);
    }
  }
  EXPECT_EQ(prompts, (std::vector<std::vector<Token>>{{0, 1}, {2, 3}, {4, 5, 6}}));
}

TEST(UpdatePlan, MoreUpdatesThanGroupsLeavesEmptyOnesOut) {
  const Kept kept(2);
  EXPECT_EQ(plan_updates(kept.trained(), {.updates_per_rollout = 5}).size(), 2u);
  EXPECT_TRUE(plan_updates({}, {.updates_per_rollout = 5}).empty());
}

TEST(UpdatePlan, MaskedTruncatedAnswersAreLeftOut) {
  Kept kept(1);
  kept.groups[0].samples[0].finish = FinishReason::kLength;
  kept.groups[0].samples[1].finish = FinishReason::kStop;
  const auto plan = plan_updates(kept.trained(), {.mask_truncated = true});
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0][0].target, kept.groups[0].samples[1].tokens);
  EXPECT_THAT(plan[0][0].sequence, ::testing::Each(0));
  EXPECT_THAT(plan[0][0].advantage, ::testing::Each(-1));
  EXPECT_NEAR(weight_of(plan[0]), 1, 1e-6);
  kept.groups[0].samples[1].finish = FinishReason::kLength;
  EXPECT_TRUE(plan_updates(kept.trained(), {.mask_truncated = true}).empty());
}

}  // namespace
}  // namespace hone::rl
