// Kernels against plain double loops, and their bits across batch sizes and thread counts.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"

namespace hone::kernels {
namespace {

std::vector<float> random_values(size_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(count);
  for (float& x : out) x = static_cast<float>(random.uniform() - 0.5);
  return out;
}

// The backends that this machine can run.
std::vector<const Backend*> backends() {
  std::vector<const Backend*> out{&cpu_backend(DType::kF32)};
  setenv("HONE_ISA", "avx2", 1);
  if (&cpu_backend(DType::kF32) != out[0]) out.push_back(&cpu_backend(DType::kF32));
  unsetenv("HONE_ISA");
  return out;
}

class KernelsTest : public testing::TestWithParam<const Backend*> {
 protected:
  std::vector<float> product(const std::vector<float>& x, const std::vector<float>& w, int64_t m, int64_t n, int64_t k,
                             int threads = 2) {
    ThreadTeam team(threads);
    const Stream stream{&team};
    std::vector<float> panels(panel_elements(k, n, b_.panel_cols, b_.panel_depth)), y(m * n);
    b_.pack_panels({w.data(), n, k, 1, n * k, panels.data(), true}, stream);
    b_.gemm({x.data(), k, panels.data(), y.data(), n, m, n, k}, stream);
    return y;
  }
  const Backend& b_ = *GetParam();
};

struct GemmShape {
  int64_t m, n, k;
};
const GemmShape kShapes[] = {{1, 1, 1},     {3, 5, 7},      {14, 32, 64}, {15, 33, 65},
                             {29, 70, 513}, {63, 96, 1024}, {130, 17, 40}};

TEST_P(KernelsTest, GemmIsWithinTheBoundOfOneChain) {
  for (const auto& [m, n, k] : kShapes) {
    const auto x = random_values(m * k, 1), w = random_values(n * k, 2);
    const auto y = product(x, w, m, n, k);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0, size = 0;
        for (int64_t t = 0; t < k; ++t) {
          sum += static_cast<double>(x[i * k + t]) * w[j * k + t];
          size += std::fabs(static_cast<double>(x[i * k + t]) * w[j * k + t]);
        }
        ASSERT_LE(std::fabs(y[i * n + j] - sum), static_cast<double>(k) * 0x1p-24 * size) << m << " " << n << " " << k;
      }
  }
}

TEST_P(KernelsTest, GemmIsOneFusedChainOverK) {
  const int64_t m = 17, n = 40, k = 1030;
  const auto x = random_values(m * k, 1), w = random_values(n * k, 2), y = product(x, w, m, n, k);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (int64_t t = 0; t < k; ++t) sum = std::fma(x[i * k + t], w[j * k + t], sum);
      ASSERT_EQ(y[i * n + j], sum);
    }
}

TEST_P(KernelsTest, GemmRowsDoNotDependOnTheBatchOrThreads) {
  for (int64_t k : {64, 1024, 4096}) {
    const int64_t n = 96, most = 512;
    const auto x = random_values(most * k, 3), w = random_values(n * k, 4), all = product(x, w, most, n, k, 1);
    for (int64_t m : {1, 2, 3, 7, 63, 130}) {
      const auto some = product(x, w, m, n, k, m % 2 ? 2 : 3);
      ASSERT_EQ(std::memcmp(some.data(), all.data(), some.size() * sizeof(float)), 0) << m << " rows, k " << k;
    }
  }
}

TEST_P(KernelsTest, GradWeightIsOneChainOverRows) {
  ThreadTeam team(2);
  const int64_t m = 700, n = 75, k = 41;
  const auto dy = random_values(m * n, 5), x = random_values(m * k, 6);
  auto dw = random_values(n * k, 7), expected = dw;
  b_.gemm_grad_weight({dy.data(), n, x.data(), k, dw.data(), k, m, n, k}, {&team});
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < k; ++j) {
      for (int64_t r = 0; r < m; ++r) expected[i * k + j] = std::fma(dy[r * n + i], x[r * k + j], expected[i * k + j]);
      ASSERT_EQ(dw[i * k + j], expected[i * k + j]);
    }
}

TEST_P(KernelsTest, LogprobAndEntropyMatchDoubles) {
  ThreadTeam team(2);
  const int64_t rows = 70, cols = 24, vocabulary = 151;
  const auto hidden = random_values(rows * cols, 8), head = random_values(vocabulary * cols, 9);
  std::vector<float> panels(panel_elements(cols, vocabulary, b_.panel_cols, b_.panel_depth));
  std::vector<float> logprob(rows), entropy(rows);
  std::vector<int32_t> row(rows), target(rows);
  for (int32_t i = 0; i < rows; ++i) row[i] = (i * 7) % 70, target[i] = (i * 13) % 151;
  b_.pack_panels({head.data(), vocabulary, cols, 1, vocabulary * cols, panels.data(), true}, {&team});
  b_.token_logprob({hidden.data(), cols, panels.data(), vocabulary, row.data(), target.data(), rows, 2.0,
                    logprob.data(), entropy.data()},
                   {&team});
  for (int64_t i = 0; i < rows; ++i) {
    std::vector<double> z(vocabulary);
    double sum = 0, h = 0;
    for (int64_t v = 0; v < vocabulary; ++v) {
      for (int64_t c = 0; c < cols; ++c) z[v] += 2.0 * hidden[row[i] * cols + c] * head[v * cols + c];
      sum += std::exp(z[v]);
    }
    for (int64_t v = 0; v < vocabulary; ++v) h -= std::exp(z[v]) / sum * (z[v] - std::log(sum));
    EXPECT_NEAR(logprob[i], z[target[i]] - std::log(sum), 2e-6);
    EXPECT_NEAR(entropy[i], h, 4e-6);
  }
}

// The draws of many samples follow the softmax (chi-squared over the likely tokens).
TEST_P(KernelsTest, DrawFollowsTheDistribution) {
  ThreadTeam team(2);
  const int64_t cols = 1, vocabulary = 19;
  const float hidden = 1;
  std::vector<float> head(vocabulary), panels(panel_elements(cols, vocabulary, b_.panel_cols, b_.panel_depth));
  double sum = 0;
  for (int64_t v = 0; v < vocabulary; ++v) sum += std::exp(head[v] = static_cast<float>(v % 5) * 0.7f);
  b_.pack_panels({head.data(), vocabulary, cols, 1, vocabulary * cols, panels.data(), true}, {&team});
  const int64_t draws = 40000;
  std::vector<DrawItem> items(draws);
  std::vector<DrawResult> results(draws);
  for (uint32_t i = 0; i < draws; ++i) items[i] = {0, 42, 11, i, 3, 1, 1, 0};
  b_.draw({&hidden, cols, panels.data(), vocabulary, items.data(), results.data(), draws}, {&team});
  std::vector<double> count(vocabulary);
  for (const DrawResult& r : results) ++count[r.token];
  double chi2 = 0;
  for (int64_t v = 0; v < vocabulary; ++v) {
    const double expected = std::exp(head[v]) / sum * draws;
    chi2 += (count[v] - expected) * (count[v] - expected) / expected;
  }
  EXPECT_LT(chi2, 42.3);  // 18 degrees of freedom, 0.1 %
}

TEST_P(KernelsTest, DrawHonoursTopKTopPAndZeroTemperature) {
  ThreadTeam team(1);
  const int64_t vocabulary = 40;
  const float hidden = 1;
  std::vector<float> head(vocabulary), panels(panel_elements(1, vocabulary, b_.panel_cols, b_.panel_depth));
  for (int64_t v = 0; v < vocabulary; ++v) head[v] = static_cast<float>((v * 17) % 40) * 0.25f;
  head[7] = head[33] = 11;  // the largest, twice
  b_.pack_panels({head.data(), vocabulary, 1, 1, vocabulary, panels.data(), true}, {&team});
  for (uint32_t i = 0; i < 300; ++i) {
    const DrawItem items[] = {{0, 1, i, 0, 0, 1, 1, 2}, {0, 1, i, 0, 0, 1, 0.05f, 0}, {0, 1, i, 0, 0, 0, 1, 0}};
    DrawResult results[3];
    b_.draw({&hidden, 1, panels.data(), vocabulary, items, results, 3}, {&team});
    EXPECT_TRUE(results[0].token == 7 || results[0].token == 33);
    EXPECT_TRUE(results[1].token == 7 || results[1].token == 33);
    EXPECT_EQ(results[2].token, 7);
  }
}

TEST_P(KernelsTest, AdamWMatchesItsFormula) {
  ThreadTeam team(2);
  const size_t n = 40000;
  auto w = random_values(n, 1), g = random_values(n, 2), m = random_values(n, 3), v = random_values(n, 4);
  for (float& x : v) x = std::fabs(x);
  const auto w0 = w, g0 = g, m0 = m, v0 = v;
  b_.adamw({w.data(), g.data(), m.data(), v.data(), static_cast<int64_t>(n), 1e-2, 0.9, 0.95, 1e-8, 0.1, 1.5, 2.5, 0.5},
           {&team});
  for (size_t i = 0; i < n; ++i) {
    const double grad = 0.5 * g0[i], m1 = 0.9 * m0[i] + 0.1 * grad, v1 = 0.95 * v0[i] + 0.05 * grad * grad;
    EXPECT_NEAR(w[i], w0[i] * (1 - 1e-3) - 1e-2 * 1.5 * m1 / (std::sqrt(v1 * 2.5) + 1e-8), 1e-6);
    EXPECT_EQ(g[i], 0);
  }
}

TEST_P(KernelsTest, RouterBreaksTiesByIndexAndLimitsGroups) {
  ThreadTeam team(1);
  const float logits[] = {0, 0, 0, 0, 2, -9, 1, 1}, bias[8] = {};
  float scores[8], weights[2];
  int32_t chosen[2];
  RouteArgs args{{8, 2, 4, 1, RouterScore::kSigmoid, true, 1}, logits, bias, scores, chosen, weights, 1};
  b_.route(args, {&team});
  EXPECT_EQ(chosen[0], 6);  // the group {6, 7} has the largest sum of two, although 4 is the best single one
  EXPECT_EQ(chosen[1], 7);
  args.shape.groups = 1;
  b_.route(args, {&team});
  EXPECT_EQ(chosen[0], 4);
  EXPECT_EQ(chosen[1], 6);
  EXPECT_NEAR(weights[0] + weights[1], 1, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Isa, KernelsTest, testing::ValuesIn(backends()), [](const auto& info) {
  std::string name = info.param->name;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

}  // namespace
}  // namespace hone::kernels
