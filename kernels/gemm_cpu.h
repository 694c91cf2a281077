// CPU twin of gemm.h. One micro-kernel serves all products: a tile of R rows by two vectors, accumulators in registers, one
// step per k. Splitting k into blocks keeps the chain whole, because the accumulators pass through memory unrounded.
#pragma once

#include <utility>

#include "kernels/cpu_support.h"
#include "kernels/gemm.h"

namespace hone::kernels {

template <class V>
struct GemmTile {
  using T = typename V::T;
  const T* a;          // element (i, k) at a + i * a_row + k * a_k
  int64_t a_row, a_k;
  const T* b;          // element (k, n) at b + k * b_row + n
  int64_t b_row;
  const T* start;      // what the chains start from, rows as in c; nullptr: 0
  T* c;
  int64_t c_row;
  int64_t k;
  int n;               // columns in use, at most two vectors
};

// The accumulators stay in registers only if every loop over them is unrolled. Rows are addressed in threes from one pointer
// (base, base + stride, base + 2 stride), so that all addresses fit the general registers.
template <class V, int R, bool kFull>
inline void gemm_tile(const GemmTile<V>& t) {
  using T = typename V::T;
  constexpr int W = V::kWidth, kThrees = (R + 2) / 3;
  const int n0 = t.n < W ? t.n : W, n1 = t.n - n0;
  const int64_t a_row = t.a_row, a_k = t.a_k, b_row = t.b_row;
  V acc[R][2];
  if (t.start) {
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) {
      const T* c = t.start + i * t.c_row;
      acc[i][0] = kFull ? V::load(c) : V::load_n(c, n0);
      acc[i][1] = kFull ? V::load(c + W) : V::load_n(c + W, n1);
    }
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) acc[i][0] = acc[i][1] = V::set(0);
  }
  const T* a[kThrees];
#pragma GCC unroll 16
  for (int g = 0; g < kThrees; ++g) a[g] = t.a + 3 * g * a_row;
  const T* b = t.b;
  for (int64_t k = t.k; k > 0; --k) {
    const V b0 = V::load(b), b1 = V::load(b + W);
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) {
      const V x = V::set(a[i / 3][i % 3 * a_row]);
      acc[i][0] = V::fma(x, b0, acc[i][0]);
      acc[i][1] = V::fma(x, b1, acc[i][1]);
    }
#pragma GCC unroll 16
    for (int g = 0; g < kThrees; ++g) a[g] += a_k;
    b += b_row;
  }
#pragma GCC unroll 16
  for (int i = 0; i < R; ++i) {
    T* c = t.c + i * t.c_row;
    if (kFull) {
      acc[i][0].store(c);
      acc[i][1].store(c + W);
    } else {
      acc[i][0].store_n(c, n0);
      if (n1 > 0) acc[i][1].store_n(c + W, n1);
    }
  }
}

template <class V, int... I>
inline void gemm_tile_rows(int rows, const GemmTile<V>& t, std::integer_sequence<int, I...>) {
  using Kernel = void (*)(const GemmTile<V>&);
  static constexpr Kernel kKernels[2][sizeof...(I)] = {{gemm_tile<V, I + 1, false>...}, {gemm_tile<V, I + 1, true>...}};
  kKernels[t.n == 2 * V::kWidth][rows - 1](t);
}

template <class V>
inline void gemm_tile_rows(int rows, const GemmTile<V>& t) {
  gemm_tile_rows(rows, t, std::make_integer_sequence<int, V::kTileRows>());
}

// Copies rows [0, rows) x k of a into [k][rows]: strided rows of a long k fall into the same cache sets.
template <class V>
inline const typename V::T* pack_rows(const typename V::T* a, int64_t a_row, int rows, int64_t k) {
  auto* packed = scratch<V, 0>(k * V::kTileRows);
  for (int64_t j = 0; j < k; ++j)
    for (int i = 0; i < rows; ++i) packed[j * rows + i] = a[i * a_row + j];
  return packed;
}

inline constexpr int64_t kGemmKBlock = 512;  // a panel slice of this many k stays in the first-level cache with the tile's rows

// y rows [0, m) over panels [panel_begin, panel_end), on the calling thread.
template <class V>
void gemm_block(const GemmArgs& g, const typename V::T* x, const typename V::T* panels, const typename V::T* start,
                typename V::T* y, int64_t m, int64_t panel_begin, int64_t panel_end) {
  constexpr int kCols = 2 * V::kWidth;
  for (int64_t k0 = 0; k0 < g.k || k0 == 0; k0 += kGemmKBlock) {
    const int64_t k = g.k - k0 < kGemmKBlock ? g.k - k0 : kGemmKBlock;
    for (int64_t i = 0; i < m; i += V::kTileRows) {
      const int rows = static_cast<int>(m - i < V::kTileRows ? m - i : V::kTileRows);
      const bool pack = g.k >= kGemmKBlock && rows > 1 && panel_end - panel_begin > 1;
      const auto* a = x + i * g.x_stride + k0;
      if (pack) a = pack_rows<V>(a, g.x_stride, rows, k);
      for (int64_t p = panel_begin; p < panel_end; ++p) {
        const int64_t n = g.n - p * kCols, at = i * g.y_stride + p * kCols;
        gemm_tile_rows<V>(rows, {a, pack ? 1 : g.x_stride, pack ? rows : 1, panels + (p * g.k + k0) * kCols, kCols,
                                 k0 > 0 ? y + at : start ? start + at : nullptr, y + at, g.y_stride, k,
                                 static_cast<int>(n < kCols ? n : kCols)});
      }
    }
  }
}

template <class V>
void gemm(const GemmArgs& g, const Stream& stream) {
  using T = typename V::T;
  constexpr int64_t kCols = 2 * V::kWidth;
  if (g.n == 0) return;
  const int64_t panels = div_up<V>(g.n, kCols);
  const int64_t row_block = 8 * V::kTileRows;
  // Few rows: the panels are shared out instead.
  int64_t panel_block = panels;
  const int64_t total_rows = g.offsets ? g.offsets[g.num_groups] : g.m;
  while (panel_block > 1 && div_up<V>(total_rows, row_block) * div_up<V>(panels, panel_block) < 4 * stream.team->size() &&
         row_block * panel_block * kCols * g.k > 65536)
    panel_block = div_up<V>(panel_block, 2);
  const int64_t panel_tasks = div_up<V>(panels, panel_block);
  const auto group_rows = [&](int64_t group) -> int64_t {
    return g.offsets ? g.offsets[group + 1] - g.offsets[group] : g.m;
  };
  int64_t tasks = 0;
  for (int64_t group = 0; group < g.num_groups; ++group) tasks += div_up<V>(group_rows(group), row_block) * panel_tasks;
  const auto run = [&](int64_t task, int) {
    int64_t group = 0;
    for (int64_t n; task >= (n = div_up<V>(group_rows(group), row_block) * panel_tasks); ++group) task -= n;
    const int64_t begin = task / panel_tasks * row_block, first = g.offsets ? g.offsets[group] : 0;
    const int64_t rows = group_rows(group) - begin < row_block ? group_rows(group) - begin : row_block;
    const int64_t p0 = task % panel_tasks * panel_block, p1 = p0 + panel_block < panels ? p0 + panel_block : panels;
    const int64_t at = (first + begin) * g.y_stride;
    gemm_block<V>(g, static_cast<const T*>(g.x) + (first + begin) * g.x_stride,
                  static_cast<const T*>(g.panels) + group * g.group_panel_stride,
                  g.start ? static_cast<const T*>(g.start) + at : nullptr, static_cast<T*>(g.y) + at, rows, p0, p1);
  };
  if (total_rows * g.n * g.k < 32768) {
    for (int64_t task = 0; task < tasks; ++task) run(task, 0);
  } else {
    stream.team->parallel_for(tasks, run);
  }
}

// One block of rows of dw: outputs [row_begin, row_end) of n, all columns of k.
template <class V>
void grad_weight_block(const GemmGradWeightArgs& g, const typename V::T* dy, const typename V::T* x, typename V::T* dw,
                       int64_t m, int64_t row_begin, int64_t row_end, int64_t col_begin, int64_t col_end) {
  constexpr int kCols = 2 * V::kWidth;
  constexpr int64_t kRows = 256;  // tokens at a time: their columns of x stay in the first-level cache
  auto* panel = scratch<V, 1>(kRows * kCols);
  for (int64_t m0 = 0; m0 < m; m0 += kRows) {
    const int64_t k = m - m0 < kRows ? m - m0 : kRows;
    for (int64_t col = col_begin; col < col_end; col += kCols) {
      const int cols = static_cast<int>(g.k - col < kCols ? g.k - col : kCols);
      const typename V::T* b = x + m0 * g.x_stride + col;
      int64_t b_row = g.x_stride;
      if (cols < kCols || row_end - row_begin > V::kTileRows) {
        const int n0 = cols < V::kWidth ? cols : V::kWidth;
        for (int64_t r = 0; r < k; ++r) {
          load_lanes<V>(b + r * g.x_stride, n0).store(panel + r * kCols);
          const V rest = cols > n0 ? load_lanes<V>(b + r * g.x_stride + V::kWidth, cols - n0) : V::set(0);
          rest.store(panel + r * kCols + V::kWidth);
        }
        b = panel;
        b_row = kCols;
      }
      for (int64_t i = row_begin; i < row_end; i += V::kTileRows) {
        const int rows = static_cast<int>(row_end - i < V::kTileRows ? row_end - i : V::kTileRows);
        gemm_tile_rows<V>(rows, {dy + m0 * g.dy_stride + i, 1, g.dy_stride, b, b_row, dw + i * g.dw_stride + col,
                                 dw + i * g.dw_stride + col, g.dw_stride, k, cols});
      }
    }
  }
}

template <class V>
void gemm_grad_weight(const GemmGradWeightArgs& g, const Stream& stream) {
  using T = typename V::T;
  const int64_t row_block = 5 * V::kTileRows, col_block = 8 * V::kWidth;
  const int64_t row_tasks = div_up<V>(g.n, row_block), col_tasks = div_up<V>(g.k, col_block);
  const int64_t per_group = row_tasks * col_tasks;
  stream.team->parallel_for(g.num_groups * per_group, [&](int64_t task, int) {
    const int64_t group = task / per_group, rest = task % per_group;
    const int64_t first = g.offsets ? g.offsets[group] : 0;
    const int64_t m = g.offsets ? g.offsets[group + 1] - first : g.m;
    const int64_t i = rest / col_tasks * row_block, j = rest % col_tasks * col_block;
    grad_weight_block<V>(g, static_cast<const T*>(g.dy) + first * g.dy_stride,
                         static_cast<const T*>(g.x) + first * g.x_stride, static_cast<T*>(g.dw) + group * g.group_dw_stride,
                         m, i, i + row_block < g.n ? i + row_block : g.n, j, j + col_block < g.k ? j + col_block : g.k);
  });
}

template <class V>
void pack_panels(const PackPanelsArgs& p, const Stream& stream) {
  using T = typename V::T;
  constexpr int64_t kCols = 2 * V::kWidth;
  const int64_t k = p.transpose ? p.cols : p.rows, n = p.transpose ? p.rows : p.cols;
  const int64_t panels = div_up<V>(n, kCols);
  const int64_t k_step = p.transpose ? 1 : p.cols, n_step = p.transpose ? p.cols : 1;
  stream.team->parallel_for(p.num_matrices * panels, [&](int64_t task, int) {
    const T* w = static_cast<const T*>(p.w) + task / panels * p.matrix_stride;
    T* out = static_cast<T*>(p.panels) + task * k * kCols;
    const int64_t n0 = task % panels * kCols;
    const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < cols; ++j) out[i * kCols + j] = w[i * k_step + (n0 + j) * n_step];
      for (int64_t j = cols; j < kCols; ++j) out[i * kCols + j] = 0;
    }
  });
}

}  // namespace hone::kernels
