// Products in bf16 against plain double loops over the rounded inputs, and their bits across batches and threads.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"

namespace hone::kernels {
namespace {

// To the nearest, ties to even.
float rounded(float x) {
  if (!std::isfinite(x)) return x;
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000u);
}

std::vector<float> random_values(int64_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(static_cast<size_t>(count));
  for (float& x : out) x = static_cast<float>(random.uniform() - 0.5);
  return out;
}

// The backends that this machine can run, best first.
std::vector<const Backend*> backends() {
  std::vector<const Backend*> out;
  for (const char* isa : {"amx", "avx512_bf16", "avx512", "avx2"}) {
    setenv("HONE_ISA", isa, 1);
    const Backend* b = &cpu_backend(DType::kBf16);
    if (out.empty() || out.back() != b) out.push_back(b);
  }
  unsetenv("HONE_ISA");
  return out;
}

struct Shape {
  int64_t m, n, k;
};

class Bf16Test : public testing::TestWithParam<const Backend*> {
 protected:
  std::vector<uint16_t> pack(const std::vector<float>& w, int64_t rows, int64_t cols, bool transpose,
                             int64_t matrices = 1) {
    const int64_t k = transpose ? cols : rows, n = transpose ? rows : cols;
    std::vector<uint16_t> panels(static_cast<size_t>(matrices * elements(k, n)), 0xABCD);
    b_.pack_panels({w.data(), rows, cols, matrices, rows * cols, panels.data(), transpose}, stream_);
    return panels;
  }
  int64_t elements(int64_t k, int64_t n) const { return panel_elements(k, n, b_.panel_cols, b_.panel_depth); }

  // sum_k x[i, k] w[j, k] over rounded values, with the size of the terms.
  struct Exact {
    double sum, size;
  };
  static Exact dot(const float* x, int64_t x_step, const float* w, int64_t w_step, int64_t k) {
    Exact e{0, 0};
    for (int64_t t = 0; t < k; ++t) {
      const double p = static_cast<double>(rounded(x[t * x_step])) * rounded(w[t * w_step]);
      e.sum += p;
      e.size += std::fabs(p);
    }
    return e;
  }
  static double bound(const Exact& e, int64_t k, double start) {
    return static_cast<double>(k + 2) * 0x1p-23 * (e.size + std::fabs(start)) + 1e-37;
  }

  const Backend& b_ = *GetParam();
  ThreadTeam team_{2};
  const Stream stream_{&team_};
};

TEST_P(Bf16Test, TableSaysWhatItIs) {
  EXPECT_EQ(b_.dtype, DType::kF32);
  EXPECT_EQ(b_.compact, DType::kBf16);
  EXPECT_EQ(b_.wide->compact, DType::kF32);
  EXPECT_EQ(b_.wide->wide, b_.wide);
}

TEST_P(Bf16Test, PanelsHoldRoundedPairsAndZerosBeyond) {
  for (const auto& [ignored, n, k] : {Shape{0, 1, 1}, {0, 33, 7}, {0, 64, 64}, {0, 50, 97}, {0, 17, 130}})
    for (bool transpose : {true, false}) {
      const int64_t rows = transpose ? n : k, cols = transpose ? k : n;
      const auto w = random_values(2 * rows * cols, 1);
      const auto panels = pack(w, rows, cols, transpose, 2);
      const int64_t c = b_.panel_cols, depth = elements(k, 1) / c;
      for (int64_t matrix = 0; matrix < 2; ++matrix)
        for (int64_t t = 0; t < depth; ++t)
          for (int64_t j = 0; j < (n + c - 1) / c * c; ++j) {
            const float* from = w.data() + matrix * rows * cols;
            const float value = t < k && j < n ? rounded(transpose ? from[j * k + t] : from[t * n + j]) : 0;
            const uint16_t got =
                panels[matrix * elements(k, n) + j / c * depth * c + t / 2 * 2 * c + j % c * 2 + t % 2];
            ASSERT_EQ(got, std::bit_cast<uint32_t>(value) >> 16) << n << " " << k << " at " << t << " " << j;
          }
    }
}

TEST_P(Bf16Test, GemmIsWithinTheBoundOfASumInFloat) {
  std::vector<Shape> shapes{{1, 1, 1}, {3, 5, 7}, {64, 128, 896}, {33, 1000, 31}, {300, 70, 100}, {17, 40, 4864}};
  for (int64_t m = 1; m <= 70; ++m) shapes.push_back({m, 1 + m * 7 % 131, 1 + m * 13 % 150});
  for (const auto& [m, n, k] : shapes) {
    const int64_t x_stride = k + 3, y_stride = n + 5;
    const auto x = random_values(m * x_stride, 1), w = random_values(n * k, 2), start = random_values(m * y_stride, 3);
    const auto panels = pack(w, n, k, true);
    for (int kind = 0; kind < 3; ++kind) {  // no start, a residual, a bias
      std::vector<float> y(start.size(), 7);
      GemmArgs g{x.data(), x_stride, panels.data(), y.data(), y_stride, m, n, k};
      g.start = kind == 0 ? nullptr : start.data();
      g.start_stride = kind == 1 ? y_stride : 0;
      b_.gemm(g, stream_);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < y_stride; ++j) {
          if (j >= n) {
            ASSERT_EQ(y[i * y_stride + j], 7) << "written beyond the columns";
            continue;
          }
          const double from = kind == 0 ? 0 : start[i * g.start_stride + j];
          const Exact e = dot(&x[i * x_stride], 1, &w[j * k], 1, k);
          ASSERT_LE(std::fabs(y[i * y_stride + j] - from - e.sum), bound(e, k, from)) << m << " " << n << " " << k;
        }
    }
  }
}

TEST_P(Bf16Test, ProductWithTheMatrixAsItStands) {
  const int64_t m = 19, k = 75, n = 130;
  const auto dy = random_values(m * k, 1), w = random_values(k * n, 2);
  const auto panels = pack(w, k, n, false);
  std::vector<float> dx(m * n);
  b_.gemm({dy.data(), k, panels.data(), dx.data(), n, m, n, k}, stream_);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      const Exact e = dot(&dy[i * k], 1, &w[j], n, k);
      ASSERT_LE(std::fabs(dx[i * n + j] - e.sum), bound(e, k, 0));
    }
}

TEST_P(Bf16Test, RowsDoNotDependOnTheBatchOrThreads) {
  for (const auto& [most, n, k] : {Shape{520, 96, 64}, {300, 1000, 96}, {300, 70, 897}, {130, 130, 4864}}) {
    const auto x = random_values(most * k, 3), w = random_values(n * k, 4);
    const auto panels = pack(w, n, k, true);
    const auto product = [&](int64_t first, int64_t m, int threads) {
      ThreadTeam team(threads);
      std::vector<float> y(m * n);
      b_.gemm({&x[first * k], k, panels.data(), y.data(), n, m, n, k}, {&team});
      return y;
    };
    const auto all = product(0, most, 1);
    const auto expect_same = [&](int64_t first, int64_t m, int threads) {
      const auto some = product(first, m, threads);
      ASSERT_EQ(std::memcmp(some.data(), &all[first * n], some.size() * sizeof(float)), 0)
          << m << " rows from " << first << ", k " << k << ", threads " << threads;
    };
    for (int threads = 2; threads <= 4; ++threads) expect_same(0, most, threads);
    for (int64_t first : {0, 1, 15, 37})
      for (int64_t m : {1, 2, 3, 7, 16, 17, 31, 33, 63}) expect_same(first, m, 1 + static_cast<int>(m % 4));
  }
}

TEST_P(Bf16Test, GroupsHaveTheirOwnPanels) {
  const int64_t k = 45, n = 70, groups = 6;
  const std::vector<int32_t> offsets{0, 0, 40, 41, 41, 60, 60};  // half of them empty
  const auto x = random_values(60 * k, 1), w = random_values(groups * n * k, 2);
  const auto panels = pack(w, n, k, true, groups);
  std::vector<float> y(60 * n), one(60 * n);
  GemmArgs g{x.data(), k, panels.data(), y.data(), n, 0, n, k};
  g.offsets = offsets.data();
  g.num_groups = groups;
  g.group_panel_stride = elements(k, n);
  b_.gemm(g, stream_);
  for (int64_t group = 0; group < groups; ++group) {
    const int64_t first = offsets[group], m = offsets[group + 1] - first;
    if (m > 0)
      b_.gemm({&x[first * k], k, &panels[group * elements(k, n)], &one[first * n], n, m, n, k}, stream_);
  }
  EXPECT_EQ(y, one);
}

TEST_P(Bf16Test, GradWeightIsWithinTheBoundOfASumInFloat) {
  const std::vector<Shape> shapes{{1, 1, 1}, {5, 3, 7}, {70, 75, 41}, {33, 130, 97}, {2100, 40, 33}, {64, 300, 128}};
  for (const auto& [m, n, k] : shapes) {
    const int64_t dw_stride = k + 1;
    const auto dy = random_values(m * n, 5), x = random_values(m * k, 6), before = random_values(n * dw_stride, 7);
    auto dw = before;
    b_.gemm_grad_weight({dy.data(), n, x.data(), k, dw.data(), dw_stride, m, n, k}, stream_);
    auto again = before;
    ThreadTeam team(3);
    b_.gemm_grad_weight({dy.data(), n, x.data(), k, again.data(), dw_stride, m, n, k}, {&team});
    ASSERT_EQ(dw, again);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < dw_stride; ++j) {
        const double from = before[i * dw_stride + j], got = dw[i * dw_stride + j];
        if (j >= k) {
          ASSERT_EQ(got, from);
          continue;
        }
        const Exact e = dot(&dy[i], n, &x[j], k, m);
        ASSERT_LE(std::fabs(got - from - e.sum), bound(e, m, from)) << m << " " << n << " " << k;
      }
  }
}

TEST_P(Bf16Test, GradWeightOfGroups) {
  const int64_t k = 45, n = 70;
  for (int32_t groups : {3, 20}) {
    std::vector<int32_t> offsets{0};
    for (int32_t i = 0; i < groups; ++i) offsets.push_back(offsets.back() + i * 29 % 4 * 25);
    const int64_t m = offsets.back();
    const auto dy = random_values(m * n, 1), x = random_values(m * k, 2);
    std::vector<float> dw(groups * n * k, 0.5f), one = dw;
    GemmGradWeightArgs g{dy.data(), n, x.data(), k, dw.data(), k, 0, n, k};
    g.offsets = offsets.data();
    g.num_groups = groups;
    g.group_dw_stride = n * k;
    b_.gemm_grad_weight(g, stream_);
    for (int32_t i = 0; i < groups; ++i)
      b_.gemm_grad_weight({dy.data() + offsets[i] * n, n, x.data() + offsets[i] * k, k, &one[i * n * k], k,
                           offsets[i + 1] - offsets[i], n, k},
                          stream_);
    EXPECT_EQ(dw, one);
  }
}

TEST_P(Bf16Test, WhatIsNotFiniteStays) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const uint32_t thin_nan = 0x7F800001;  // its upper half alone is infinity
  const std::vector<float> x{inf, nan, std::bit_cast<float>(thin_nan), -inf, 1}, w{1};
  const auto panels = pack(w, 1, 1, true);
  std::vector<float> y(5);
  b_.gemm({x.data(), 1, panels.data(), y.data(), 1, 5, 1, 1}, stream_);
  EXPECT_EQ(y[0], inf);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_EQ(y[3], -inf);
  EXPECT_EQ(y[4], 1);
}

TEST_P(Bf16Test, EmbeddingFromTableAndFromPanels) {
  const int64_t vocabulary = 77, cols = 45;
  const auto w = random_values(vocabulary * cols, 3);
  const auto panels = pack(w, vocabulary, cols, true);
  std::vector<uint16_t> table(w.size());
  for (size_t i = 0; i < w.size(); ++i) table[i] = static_cast<uint16_t>(std::bit_cast<uint32_t>(rounded(w[i])) >> 16);
  const std::vector<int32_t> tokens{0, 76, 31, 32, 33, 5};
  std::vector<float> a(tokens.size() * cols), b(a.size());
  const auto rows = static_cast<int64_t>(tokens.size());
  b_.embed({table.data(), tokens.data(), a.data(), rows, cols, nullptr}, stream_);
  b_.embed({nullptr, tokens.data(), b.data(), rows, cols, panels.data()}, stream_);
  for (size_t r = 0; r < tokens.size(); ++r)
    for (int64_t c = 0; c < cols; ++c) ASSERT_EQ(a[r * cols + c], rounded(w[tokens[r] * cols + c]));
  EXPECT_EQ(a, b);
}

INSTANTIATE_TEST_SUITE_P(Isa, Bf16Test, testing::ValuesIn(backends()), [](const auto& info) {
  std::string name = info.param->name;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

}  // namespace
}  // namespace hone::kernels
