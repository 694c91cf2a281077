// Sums of rows, cuts at a limit and choices by groups against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"

namespace hone::kernels {
namespace {

const Backend& backend() { return cpu_backend(DType::kF32); }

std::vector<float> random_values(size_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(count);
  for (float& x : out) x = static_cast<float>(2 * random.uniform() - 1);
  return out;
}

TEST(SumRows, AddsChunksInOrderForEveryThreadCount) {
  const int64_t rows = 1000, cols = 77, stride = 80;
  const auto x = random_values(rows * stride, 1), before = random_values(cols, 2);
  auto expected = before;
  for (int64_t c = 0; c < cols; ++c)
    for (int64_t begin = 0; begin < rows; begin += 128) {
      float chunk = 0;
      for (int64_t r = begin; r < std::min(begin + 128, rows); ++r) chunk += x[r * stride + c];
      expected[c] += chunk;
    }
  for (int threads : {1, 2, 3}) {
    ThreadTeam team(threads);
    auto sum = before;
    backend().sum_rows({x.data(), stride, sum.data(), rows, cols}, {&team});
    EXPECT_EQ(sum, expected) << threads;
  }
}

TEST(Clamp, CutsAndLetsNanThroughAndItsBackwardStopsThere) {
  ThreadTeam team(1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x{-3, -0.5f, 0.25f, 0.5f, 7, nan}, dx(6, 2);
  backend().clamp({x.data(), 6, 1, 6, 0.5}, {&team});
  const std::vector<float> expected{-0.5f, -0.5f, 0.25f, 0.5f, 0.5f};
  EXPECT_EQ(std::vector<float>(x.begin(), x.end() - 1), expected);
  EXPECT_TRUE(std::isnan(x[5]));
  backend().clamp_backward({x.data(), 6, dx.data(), 6, 1, 5, 0.5}, {&team});
  EXPECT_EQ(dx, (std::vector<float>{0, 0, 2, 0, 0, 2}));
}

TEST(RmsNorm, CutsAtItsLimitAndLetsNanThrough) {
  ThreadTeam team(1);
  const std::vector<float> x{1, -2, 3, -4}, weight{1, 1, 1, 1};
  std::vector<float> plain(4), cut(4);
  backend().rms_norm({x.data(), weight.data(), plain.data(), 4, 4, 1, 1, 4, 1e-6}, {&team});
  backend().rms_norm({x.data(), weight.data(), cut.data(), 4, 4, 1, 1, 4, 1e-6, 0.9}, {&team});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(cut[i], std::min(std::max(plain[i], -0.9f), 0.9f));
  const std::vector<float> broken{1, std::numeric_limits<float>::quiet_NaN(), 3, 4};
  backend().rms_norm({broken.data(), weight.data(), cut.data(), 4, 4, 1, 1, 4, 1e-6}, {&team});
  for (float y : cut) EXPECT_TRUE(std::isnan(y));
}

// Two groups: {0, 1} has the best expert, {2, 3} the best two.
TEST(Route, GroupsRankByTheirBestOrTheirTwoBest) {
  ThreadTeam team(1);
  const float logits[] = {3, -9, 2, 2};
  float scores[4], weights[1];
  int32_t chosen[1];
  RouteArgs args{{4, 1, 2, 1, RouterScore::kSoftmax, false, 1, 1}, logits, nullptr, scores, chosen, weights, 1};
  backend().route(args, {&team});
  EXPECT_EQ(chosen[0], 0);
  const float sums[] = {1, -9, 0.9f, 0.9f};
  args.logits = sums;
  args.shape.score = RouterScore::kSigmoid;
  args.shape.group_best = 2;
  backend().route(args, {&team});
  EXPECT_EQ(chosen[0], 2);
}

// Biased scores below zero: an expert outside the kept group may not be chosen.
TEST(Route, ExpertsOfOtherGroupsAreNeverChosen) {
  ThreadTeam team(1);
  const float logits[] = {0, 0, 0, 0}, bias[] = {-2, -2, -3, -3};
  float scores[4], weights[2];
  int32_t chosen[2];
  backend().route({{4, 2, 2, 1, RouterScore::kSigmoid, true, 1}, logits, bias, scores, chosen, weights, 1}, {&team});
  EXPECT_EQ(chosen[0], 0);
  EXPECT_EQ(chosen[1], 1);
}

}  // namespace
}  // namespace hone::kernels
