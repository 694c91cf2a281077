#include "rl/group_filter.h"

#include <gtest/gtest.h>

namespace hone::rl {
namespace {

Score score(Verdict verdict, double reward) {
  return {reward, {{"answer", verdict, reward, ""}, {"format", Verdict::kScored, .1, ""}}};
}

ScoredGroup group(std::vector<Score> scores) {
  ScoredGroup result;
  result.group.samples.resize(scores.size());
  result.scores = std::move(scores);
  return result;
}

const Score kRight = score(Verdict::kCorrect, 1);
const Score kWrong = score(Verdict::kWrong, 0);
const Score kUgly = score(Verdict::kWrong, -.1);

TEST(GroupFilter, ByRewardDropsEqualRewards) {
  EXPECT_FALSE(filter_group(group({kRight, kRight}), FilterBy::kReward).kept);
  EXPECT_TRUE(filter_group(group({kRight, kWrong}), FilterBy::kReward).kept);
  EXPECT_TRUE(filter_group(group({kWrong, kUgly}), FilterBy::kReward).kept);
}

TEST(GroupFilter, ByAccuracyLooksAtTheFirstComponentOnly) {
  EXPECT_FALSE(filter_group(group({kWrong, kUgly}), FilterBy::kAccuracy).kept);
  EXPECT_TRUE(filter_group(group({kWrong, kRight}), FilterBy::kAccuracy).kept);
  EXPECT_FALSE(filter_group(group({kWrong, score(Verdict::kNoAnswer, .5)}), FilterBy::kAccuracy).kept);
}

TEST(GroupFilter, OffKeepsZeroVarianceAndStillReportsIt) {
  const GroupDecision decision = filter_group(group({kRight, kRight}), FilterBy::kNone);
  EXPECT_TRUE(decision.kept);
  EXPECT_TRUE(decision.zero_variance);
}

TEST(GroupFilter, FailedCheckDropsTheGroupWhateverTheFilter) {
  for (Verdict failed : {Verdict::kGoldError, Verdict::kTimeout, Verdict::kInfra}) {
    for (FilterBy by : {FilterBy::kNone, FilterBy::kReward, FilterBy::kAccuracy}) {
      const GroupDecision decision = filter_group(group({kRight, kWrong, score(failed, 0)}), by);
      EXPECT_TRUE(decision.dropped);
      EXPECT_FALSE(decision.kept);
      EXPECT_FALSE(decision.zero_variance);
    }
  }
}

TEST(GroupFilter, FailureOfAnyComponentCounts) {
  Score second_failed = kRight;
  second_failed.components[1].verdict = Verdict::kTimeout;
  EXPECT_TRUE(filter_group(group({kWrong, second_failed}), FilterBy::kNone).dropped);
}

TEST(GroupFilter, NotApplicableDropsNothing) {
  EXPECT_TRUE(filter_group(group({kRight, score(Verdict::kNotApplicable, 0)}), FilterBy::kReward).kept);
}

}  // namespace
}  // namespace hone::rl
