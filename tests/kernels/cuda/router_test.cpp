// The router on the device has the CPU's bits: scores, choices, weights and gradients.
#include "kernels/cuda/router.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/kernels/cuda/twins.h"

namespace hone::kernels::cuda {
namespace {

using Values = std::vector<float>;
using test::same_bits;

// Logits on a coarse grid are often equal.
Values grid_values(int64_t count, uint64_t seed, double range, double step) {
  PhiloxStream random(seed, 0);
  Values out(static_cast<size_t>(count));
  for (float& x : out) x = static_cast<float>(std::floor((random.uniform() - 0.5) * range / step) * step);
  return out;
}

struct Routing {
  Values scores, weights;
  std::vector<int32_t> chosen;
};

class CudaRouterTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(device_.report(), ""); }

  Routing on_device(const RouterShape& s, const Values& logits, const Values& bias) {
    const auto rows = static_cast<int64_t>(logits.size()) / s.experts;
    float *scores = device_.output<float>(rows * s.experts), *weights = device_.output<float>(rows * s.top_k);
    auto* chosen = device_.output<int32_t>(rows * s.top_k);
    route({s, device_.upload(logits), bias.empty() ? nullptr : device_.upload(bias), scores, chosen, weights, rows},
          stream_);
    return {device_.download(scores, rows * s.experts), device_.download(weights, rows * s.top_k),
            device_.download(chosen, rows * s.top_k)};
  }

  Routing on_cpu(const RouterShape& s, const Values& logits, const Values& bias) {
    const auto rows = static_cast<int64_t>(logits.size()) / s.experts;
    Routing out{Values(rows * s.experts), Values(rows * s.top_k), std::vector<int32_t>(rows * s.top_k)};
    cpu_.route({s, logits.data(), bias.empty() ? nullptr : bias.data(), out.scores.data(), out.chosen.data(),
                out.weights.data(), rows},
               stream_);
    return out;
  }

  test::Device device_;
  ThreadTeam team_{1};
  const Stream stream_{&team_};
  const Backend& cpu_ = cpu_backend(DType::kF32);
};

std::vector<RouterShape> shapes() {
  std::vector<RouterShape> out;
  for (RouterScore score : {RouterScore::kSigmoid, RouterScore::kSoftmax})
    for (const RouterShape& s : {RouterShape{1, 1}, {7, 3}, {32, 4}, {60, 4, 1, 1}, {128, 8}, {256, 8, 8, 4},
                                 {160, 6, 8, 3}, {64, 6, 16, 1}, {12, 5, 4, 2}, {6, 6, 6, 2}, {384, 8},
                                 {1024, 2, 64, 2}})
      for (int variant = 0; variant < 2; ++variant) {
        out.push_back(s);
        out.back().score = score;
        out.back().normalize = variant == 0;
        out.back().group_best = 2 - variant;
        out.back().scaling = variant == 0 ? 2.5 : 1;
      }
  return out;
}

TEST_F(CudaRouterTest, ChoosesAndWeighsAsTheCpu) {
  uint64_t seed = 1;
  for (const RouterShape& s : shapes())
    for (double step : {0x1p-20, 0.5})  // 0.5: many ties
      for (bool biased : {false, true}) {
        const Values logits = grid_values(3 * s.experts, ++seed, 6, step);
        const Values bias = biased ? grid_values(s.experts, ++seed, 1, 0.25) : Values{};
        const Routing a = on_device(s, logits, bias), b = on_cpu(s, logits, bias);
        ASSERT_EQ(a.chosen, b.chosen) << s.experts << " experts, step " << step;
        ASSERT_TRUE(same_bits(a.scores, b.scores)) << s.experts << " experts, step " << step;
        ASSERT_TRUE(same_bits(a.weights, b.weights)) << s.experts << " experts, step " << step;
      }
}

TEST_F(CudaRouterTest, TiesGoToTheLowerIndex) {
  const RouterShape s{40, 4};
  EXPECT_EQ(on_device(s, Values(40, 0.25f), {}).chosen, (std::vector<int32_t>{0, 1, 2, 3}));
}

TEST_F(CudaRouterTest, ChoicesAreExpertsWhateverTheLogits) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (RouterScore score : {RouterScore::kSigmoid, RouterScore::kSoftmax})
    for (float first : {nan, inf, -inf, 1.0f}) {
      RouterShape s{40, 6, 4, 2};
      s.score = score;
      Values logits = grid_values(40, 3, 6, 0.5);
      logits[0] = first;
      logits[17] = nan;
      logits[23] = -inf;
      EXPECT_EQ(on_device(s, logits, {}).chosen, on_cpu(s, logits, {}).chosen) << first;
    }
}

TEST_F(CudaRouterTest, RowsDoNotDependOnTheBatch) {
  const RouterShape s{60, 4};
  const Values logits = grid_values(50 * 60, 3, 6, 0x1p-20);
  const Routing whole = on_device(s, logits, {});
  for (int64_t row : {0, 1, 31, 49}) {
    const Routing one = on_device(s, Values(&logits[row * 60], &logits[row * 60] + 60), {});
    EXPECT_EQ(std::memcmp(one.weights.data(), &whole.weights[row * 4], 4 * sizeof(float)), 0);
    EXPECT_EQ(std::memcmp(one.scores.data(), &whole.scores[row * 60], 60 * sizeof(float)), 0);
  }
}

TEST_F(CudaRouterTest, BackwardHasTheBitsOfTheCpu) {
  uint64_t seed = 100;
  for (const RouterShape& s : shapes()) {
    const int64_t rows = 3;
    const Routing r = on_cpu(s, grid_values(rows * s.experts, ++seed, 6, 0x1p-20), {});
    const Values dweights = grid_values(rows * s.top_k, ++seed, 2, 0x1p-20);
    Values expected(rows * s.experts);
    cpu_.route_backward({s, r.scores.data(), r.chosen.data(), dweights.data(), expected.data(), rows}, stream_);
    float* dlogits = device_.output<float>(rows * s.experts);
    route_backward({s, device_.upload(r.scores), device_.upload(r.chosen), device_.upload(dweights), dlogits, rows},
                   stream_);
    ASSERT_TRUE(same_bits(device_.download(dlogits, rows * s.experts), expected)) << s.experts << " experts";
  }
}

}  // namespace
}  // namespace hone::kernels::cuda
