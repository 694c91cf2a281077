// Products on the device against the CPU's, and their bits across batches.
#include "kernels/cuda/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/cuda/panels.h"
#include "tests/kernels/cuda/twins.h"

namespace hone::kernels::cuda {
namespace {

using test::chain_backend;
using test::same_bits;
using test::random_values;
using Values = std::vector<float>;

// Bits of x rounded to bf16, in the order of the numbers.
int32_t bf16_rank(float x) {
  const uint16_t bits = to_bf16(x);
  return bits & 0x8000 ? -(bits & 0x7FFF) : bits;
}

enum class Start { kNothing, kResidual, kSelf, kBias };

struct Problem {
  int64_t m, n, k;
  Start start = Start::kNothing;
  int64_t x_gap = 0, y_gap = 0;  // columns between the rows
  std::vector<int32_t> offsets = {};
  int64_t groups() const { return offsets.empty() ? 1 : static_cast<int64_t>(offsets.size()) - 1; }
};

std::ostream& operator<<(std::ostream& out, const Problem& p) {
  return out << p.m << " x " << p.n << " x " << p.k << ", start " << static_cast<int>(p.start) << ", " << p.groups()
             << " groups";
}

struct Inputs {
  Values x, w, y, start;
  explicit Inputs(const Problem& p, uint64_t seed = 1)
      : x(random_values(p.m * (p.k + p.x_gap), seed)),
        w(random_values(p.groups() * p.n * p.k, seed + 1)),
        y(random_values(p.m * (p.n + p.y_gap), seed + 2)),
        start(random_values(p.start == Start::kBias ? p.n : y.size(), seed + 3)) {}
};

// Arguments without pointers to numbers.
GemmArgs shape_of(const Problem& p) {
  GemmArgs g;
  g.x_stride = p.k + p.x_gap;
  g.y_stride = p.n + p.y_gap;
  g.m = p.m, g.n = p.n, g.k = p.k;
  g.start_stride = p.start == Start::kBias ? 0 : g.y_stride;
  if (p.offsets.empty()) return g;
  g.offsets = p.offsets.data();
  g.num_groups = static_cast<int32_t>(p.groups());
  return g;
}

template <class T>
class CudaGemmTest : public testing::Test {
 protected:
  static constexpr DType kCompact = sizeof(T) == 2 ? DType::kBf16 : DType::kF32;

  void TearDown() override { EXPECT_EQ(device_.report(), ""); }

  static int64_t elements(int64_t k, int64_t n) { return panel_elements(k, n, kPanelCols, kPanelDepth<T>); }

  // Panels of matrices w [rows, cols] on the device.
  T* pack(const Values& w, int64_t rows, int64_t cols, bool transpose = true, int64_t matrices = 1) {
    T* panels = device_.output<T>(matrices * elements(transpose ? cols : rows, transpose ? rows : cols));
    pack_panels<T>({device_.upload(w), rows, cols, matrices, rows * cols, panels, transpose}, stream_);
    return panels;
  }

  Values on_device(const Problem& p, const Inputs& in) {
    GemmArgs g = shape_of(p);
    float* y = device_.upload(in.y);
    g.x = device_.upload(in.x);
    g.panels = pack(in.w, p.n, p.k, true, p.groups());
    g.group_panel_stride = elements(p.k, p.n);
    g.y = y;
    g.start = p.start == Start::kNothing ? nullptr : p.start == Start::kSelf ? y : device_.upload(in.start);
    gemm<T>(g, stream_);
    return device_.download(y, static_cast<int64_t>(in.y.size()));
  }

  Values on_cpu(const Backend& cpu, const Problem& p, const Inputs& in) {
    GemmArgs g = shape_of(p);
    const int64_t size = panel_elements(p.k, p.n, cpu.panel_cols, cpu.panel_depth);
    std::vector<T> panels(p.groups() * size);
    cpu.pack_panels({in.w.data(), p.n, p.k, p.groups(), p.n * p.k, panels.data()}, stream_);
    Values y = in.y;
    g.x = in.x.data();
    g.panels = panels.data();
    g.group_panel_stride = size;
    g.y = y.data();
    g.start = p.start == Start::kNothing ? nullptr : p.start == Start::kSelf ? y.data() : in.start.data();
    cpu.gemm(g, stream_);
    return y;
  }

  test::Device device_;
  ThreadTeam team_{1};
  const Stream stream_{&team_};
};

using Compacts = testing::Types<float, uint16_t>;
TYPED_TEST_SUITE(CudaGemmTest, Compacts);

std::vector<Problem> odd_problems() {
  std::vector<Problem> out{{1, 1, 1},
                           {1, 200, 1},
                           {70, 1, 33, Start::kBias},
                           {16, 16, 128, Start::kSelf},
                           {17, 65, 129, Start::kResidual, 3, 5},
                           {64, 64, 16},
                           {65, 129, 17, Start::kBias, 1, 1},
                           {5, 7, 0, Start::kResidual},
                           {5, 7, 0}};
  PhiloxStream random(7, 0);
  for (int i = 0; i < 12; ++i)
    out.push_back({1 + random.below(i % 2 ? 16 : 100), 1 + random.below(140), 1 + random.below(300),
                   static_cast<Start>(random.below(4)), random.below(4), random.below(4)});
  return out;
}

TYPED_TEST(CudaGemmTest, HasTheBitsOfTheChainOnCpu) {
  for (const Problem& p : odd_problems()) {
    const Inputs in(p);
    EXPECT_TRUE(same_bits(this->on_device(p, in), this->on_cpu(chain_backend(this->kCompact), p, in))) << p;
  }
}

// In f32 every CPU has the chain; in bf16 the instructions for pairs of k have another one.
TYPED_TEST(CudaGemmTest, IsNearTheFastestCpu) {
  const int32_t most = this->kCompact == DType::kBf16 ? 1 : 0;
  for (const Problem& p : {Problem{3, 70, 300}, {33, 40, 512, Start::kResidual}}) {
    const Inputs in(p);
    const Values a = this->on_device(p, in), b = this->on_cpu(cpu_backend(this->kCompact), p, in);
    for (size_t i = 0; i < a.size(); ++i)
      ASSERT_LE(std::abs(bf16_rank(a[i]) - bf16_rank(b[i])), most) << p << " at " << i;
    EXPECT_TRUE(same_bits(a, b) || most > 0) << p;
  }
}

TYPED_TEST(CudaGemmTest, RowsDoNotDependOnTheBatch) {
  const Problem all{512, 30, 140, Start::kResidual};
  const Inputs in(all);
  const Values whole = this->on_device(all, in);
  const auto expect_same = [&](int64_t first, int64_t m) {
    Problem p = all;
    p.m = m;
    Inputs part = in;
    const auto cut = [&](Values& values, int64_t cols) {
      values.assign(values.begin() + first * cols, values.begin() + (first + m) * cols);
    };
    cut(part.x, p.k);
    cut(part.y, p.n);
    cut(part.start, p.n);
    const Values y = this->on_device(p, part);
    EXPECT_EQ(std::memcmp(y.data(), &whole[first * p.n], y.size() * sizeof(float)), 0) << m << " rows from " << first;
  };
  for (int64_t row = 0; row < 512; row += 7) expect_same(row, 1);
  for (int64_t m = 2; m <= 33; ++m) expect_same(m * 13 % 100, m);
  for (int64_t m : {63, 64, 65, 127, 128, 129, 255, 256, 500}) expect_same(m % 11, m);
}

TYPED_TEST(CudaGemmTest, GroupsHaveTheirOwnPanels) {
  const std::vector<std::vector<int32_t>> cases{{0, 0, 40, 41, 41, 60, 60}, {0, 0, 0, 130, 130}, {0, 3, 3, 4, 9},
                                                {0, 0, 0}, {0, 90}};
  for (const auto& offsets : cases) {
    const Problem p{offsets.back(), 70, 45, Start::kBias, 2, 1, offsets};
    const Inputs in(p);
    EXPECT_TRUE(same_bits(this->on_device(p, in), this->on_cpu(chain_backend(this->kCompact), p, in))) << p;
  }
}

TYPED_TEST(CudaGemmTest, TakesRowsFromTheMiddleOfPanels) {
  const int64_t rows = 112, n = 130, first = 48, m = 20;  // rows of B
  const Values w = random_values(rows * n, 1);
  for (int64_t k : {33, 64}) {
    const Problem p{m, n, k};
    Inputs in(p);
    GemmArgs g = shape_of(p);
    g.x = this->device_.upload(in.x);
    g.panels = this->pack(w, rows, n, false) + first * kPanelCols;
    g.panel_stride = this->elements(rows, 1);
    float* y = this->device_.template output<float>(m * n);
    g.y = y;
    gemm<TypeParam>(g, this->stream_);
    for (int64_t i = 0; i < k; ++i)
      for (int64_t j = 0; j < n; ++j) in.w[j * k + i] = w[(first + i) * n + j];
    const Values whole = this->on_device(p, in);
    EXPECT_TRUE(same_bits(this->device_.download(y, m * n), whole)) << k;
  }
}

TYPED_TEST(CudaGemmTest, WhatIsNotFiniteStays) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Problem p{5, 1, 1};
  Inputs in(p);
  in.x = {inf, nan, std::bit_cast<float>(0x7F800001u), -inf, -0.0f};
  in.w = {1};
  const Values y = this->on_device(p, in);
  EXPECT_EQ(y[0], inf);
  EXPECT_NE(y[1], y[1]);
  EXPECT_NE(y[2], y[2]);
  EXPECT_EQ(y[3], -inf);
  EXPECT_EQ(y[4], 0);
}

struct GradProblem {
  int64_t m, n, k;
  std::vector<int32_t> offsets = {};
};

TYPED_TEST(CudaGemmTest, GradWeightIsOneChainOverRows) {
  const std::vector<GradProblem> problems{{1, 1, 1},    {5, 3, 7},     {33, 130, 97},
                                          {70, 64, 64}, {130, 20, 65}, {60, 70, 45, {0, 0, 40, 41, 41, 60, 60}},
                                          {50, 30, 20, {0, 0, 50, 50}}, {0, 5, 6, {0, 0, 0}}};
  for (const auto& [m, n, k, offsets] : problems) {
    const int64_t groups = offsets.empty() ? 1 : static_cast<int64_t>(offsets.size()) - 1;
    const int64_t dy_stride = n + 3, x_stride = k + 1, dw_stride = k + 2, group_stride = n * dw_stride + 5;
    const Values dy = random_values(m * dy_stride, 5), x = random_values(m * x_stride, 6);
    const Values before = random_values(groups * group_stride, 7);
    Values expected = before;
    for (int64_t group = 0; group < groups; ++group)
      for (int64_t r = offsets.empty() ? 0 : offsets[group]; r < (offsets.empty() ? m : offsets[group + 1]); ++r)
        for (int64_t i = 0; i < n; ++i)
          for (int64_t j = 0; j < k; ++j) {
            const auto rounded = [](float value) { return to_float(to_element<TypeParam>(value)); };
            float& sum = expected[group * group_stride + i * dw_stride + j];
            sum = __fmaf_rn(rounded(dy[r * dy_stride + i]), rounded(x[r * x_stride + j]), sum);
          }
    float* dw = this->device_.upload(before);
    GemmGradWeightArgs g{this->device_.upload(dy), dy_stride, this->device_.upload(x), x_stride, dw, dw_stride, m, n,
                         k};
    g.offsets = offsets.empty() ? nullptr : offsets.data();
    g.num_groups = static_cast<int32_t>(groups);
    g.group_dw_stride = group_stride;
    gemm_grad_weight<TypeParam>(g, this->stream_);
    EXPECT_TRUE(same_bits(this->device_.download(dw, static_cast<int64_t>(before.size())), expected))
        << m << " " << n << " " << k;
  }
}

TYPED_TEST(CudaGemmTest, GradWeightHasTheBitsOfTheChainOnCpu) {
  const int64_t m = 75, n = 66, k = 20;
  const Values dy = random_values(m * n, 5), x = random_values(m * k, 6);
  Values expected = random_values(n * k, 7);
  float* dw = this->device_.upload(expected);
  gemm_grad_weight<TypeParam>({this->device_.upload(dy), n, this->device_.upload(x), k, dw, k, m, n, k}, this->stream_);
  chain_backend(this->kCompact)
      .gemm_grad_weight({dy.data(), n, x.data(), k, expected.data(), k, m, n, k}, this->stream_);
  EXPECT_TRUE(same_bits(this->device_.download(dw, n * k), expected));
}

TYPED_TEST(CudaGemmTest, PanelsHoldRoundedElementsAndZerosBeyond) {
  struct Matrix {
    int64_t k, n;
  };
  for (const auto& [k, n] : {Matrix{1, 1}, {7, 33}, {64, 64}, {97, 50}, {33, 130}})
    for (bool transpose : {true, false}) {
      const int64_t rows = transpose ? n : k, cols = transpose ? k : n, panels = div_up(n, kPanelCols);
      const Values w = random_values(2 * rows * cols, 1);
      const int64_t size = panel_size<TypeParam>(k), depth = size / kPanelCols;
      const auto packed = this->device_.download(this->pack(w, rows, cols, transpose, 2), 2 * panels * size);
      for (int64_t matrix = 0; matrix < 2; ++matrix)
        for (int64_t t = 0; t < depth; ++t)
          for (int64_t j = 0; j < panels * kPanelCols; ++j) {
            const float* from = w.data() + matrix * rows * cols;
            const float value = t < k && j < n ? transpose ? from[j * k + t] : from[t * n + j] : 0.0f;
            const TypeParam* panel = packed.data() + (matrix * panels + j / kPanelCols) * size;
            ASSERT_EQ(panel[panel_offset<TypeParam>(t, j % kPanelCols)], to_element<TypeParam>(value))
                << k << " " << n << " at " << t << " " << j;
          }
    }
}

}  // namespace
}  // namespace hone::kernels::cuda
