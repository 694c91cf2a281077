#include "rl/advantage.h"

#include <cmath>

#include <gmock/gmock.h>

namespace hone::rl {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using Rewards = std::vector<std::vector<double>>;

TEST(Advantage, GroupStdDividesByCountMinusOne) {
  const auto result = advantages(Rewards{{1, 0, 0, 0}}, AdvantageStd::kGroup);
  const auto near = [](float x) { return FloatNear(x, 5e-6f); };  // dividing by the count would give 1.7317
  EXPECT_THAT(result[0], ElementsAre(near(1.5f), near(-.5f), near(-.5f), near(-.5f)));
}

TEST(Advantage, EpsilonIsAddedToTheDeviation) {
  EXPECT_EQ(advantages(Rewards{{1, 0, 0, 0}}, AdvantageStd::kGroup)[0][0], static_cast<float>(.75 / (.5 + 1e-6)));
}

TEST(Advantage, WithoutStdOnlyTheMeanIsTaken) {
  EXPECT_THAT(advantages(Rewards{{1, 0, 0, 0}}, AdvantageStd::kNone)[0], ElementsAre(.75f, -.25f, -.25f, -.25f));
}

TEST(Advantage, BatchStdIsOverAllRewardsAndMeansStayTheGroups) {
  const auto result = advantages(Rewards{{1, 0}, {3, 0}}, AdvantageStd::kBatch);
  const double divisor = std::sqrt(2.0) + 1e-6;  // of 1, 0, 3, 0: squares about 1 sum to 6, by 3
  EXPECT_FLOAT_EQ(result[0][0], static_cast<float>(.5 / divisor));
  EXPECT_FLOAT_EQ(result[1][0], static_cast<float>(1.5 / divisor));
}

TEST(Advantage, EqualRewardsGiveExactlyZero) {
  const Rewards rewards = {{.1, .1, .1}, {.7, .7, .7, .7, .7, .7}, {1, 0, .5}};
  for (AdvantageStd divisor : {AdvantageStd::kNone, AdvantageStd::kGroup, AdvantageStd::kBatch}) {
    const auto result = advantages(rewards, divisor);
    for (int g : {0, 1}) {
      for (float advantage : result[static_cast<size_t>(g)]) EXPECT_EQ(advantage, 0.0f);
    }
  }
}

TEST(Advantage, GroupOfOneHasMeanZeroAndDeviationOne) {
  EXPECT_EQ(advantages(Rewards{{.5}}, AdvantageStd::kGroup)[0][0], static_cast<float>(.5 / (1 + 1e-6)));
  EXPECT_EQ(advantages(Rewards{{.5}}, AdvantageStd::kBatch)[0][0], static_cast<float>(.5 / (1 + 1e-6)));
  EXPECT_EQ(advantages(Rewards{{.5}}, AdvantageStd::kNone)[0][0], .5f);
}

TEST(Advantage, GroupsDoNotTouchEachOther) {
  const auto together = advantages(Rewards{{1, 0, 0}, {2, 5, 9}}, AdvantageStd::kGroup);
  EXPECT_EQ(together[1], advantages(Rewards{{2, 5, 9}}, AdvantageStd::kGroup)[0]);
}

TEST(Advantage, OfNothingIsNothing) { EXPECT_TRUE(advantages(Rewards{}, AdvantageStd::kBatch).empty()); }

}  // namespace
}  // namespace hone::rl
