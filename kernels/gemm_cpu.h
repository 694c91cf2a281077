// CPU twin of gemm.h. One micro-kernel serves all products: a tile of R rows by two vectors, accumulators in registers,
// one step per k. Splitting k into blocks keeps the chain whole, because the accumulators pass through memory
// unrounded.
#pragma once

#include <utility>

#include "kernels/backend.h"
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
  const T* start;      // what the chains start from; nullptr: 0
  int64_t start_row;
  T* c;
  int64_t c_row;
  int64_t k;
  int n;               // columns in use, at most two vectors
};

// The accumulators stay in registers only if every loop over them is unrolled. Rows are addressed in threes from one
// pointer (base, base + stride, base + 2 stride), so that all addresses fit the general registers.
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
      const T* c = t.start + i * t.start_row;
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

// Copies rows [0, m) x k of a, tile after tile, each as [k][rows of the tile]: strided rows of a long k fall into the
// same cache sets.
template <class V>
inline const typename V::T* pack_row_tiles(const typename V::T* a, int64_t a_row, int64_t m, int64_t k) {
  auto* packed = scratch<V, 0>(m * k);
  for (int64_t i = 0; i < m; i += V::kTileRows) {
    const int64_t rows = m - i < V::kTileRows ? m - i : V::kTileRows;
    transpose<V>(a + i * a_row, a_row, rows, k, packed + i * k, rows);
  }
  return packed;
}

inline constexpr int64_t kGemmKBlock = 256;   // a panel's slice of this many k stays in the first-level cache
inline constexpr int64_t kGemmPackFrom = 512;  // k from which packing rows pays

// y rows [0, m) over panels [panel_begin, panel_end), on the calling thread.
template <class V>
void gemm_block(const GemmArgs& g, const typename V::T* x, const typename V::T* panels, const typename V::T* start,
                typename V::T* y, int64_t m, int64_t panel_begin, int64_t panel_end) {
  constexpr int kCols = 2 * V::kWidth;
  const bool pack = g.k >= kGemmPackFrom && m > 1 && panel_end - panel_begin > 1;
  const int64_t panel_stride = g.panel_stride > 0 ? g.panel_stride : g.k * kCols;
  for (int64_t k0 = 0; k0 < g.k || k0 == 0; k0 += kGemmKBlock) {
    const int64_t k = g.k - k0 < kGemmKBlock ? g.k - k0 : kGemmKBlock;
    const auto* packed = pack ? pack_row_tiles<V>(x + k0, g.x_stride, m, k) : nullptr;
    for (int64_t p = panel_begin; p < panel_end; ++p) {
      const int64_t n = g.n - p * kCols;
      for (int64_t i = 0; i < m; i += V::kTileRows) {
        const int rows = static_cast<int>(m - i < V::kTileRows ? m - i : V::kTileRows);
        const int64_t at = i * g.y_stride + p * kCols;
        gemm_tile_rows<V>(rows, {pack ? packed + i * k : x + i * g.x_stride + k0, pack ? 1 : g.x_stride,
                                 pack ? rows : 1, panels + p * panel_stride + k0 * kCols, kCols,
                                 k0 > 0  ? y + at
                                 : start ? start + i * g.start_stride + p * kCols
                                         : nullptr,
                                 k0 > 0 ? g.y_stride : g.start_stride, y + at, g.y_stride, k,
                                 static_cast<int>(n < kCols ? n : kCols)});
      }
    }
  }
}

inline constexpr int64_t kSerialProducts = 131072;  // multiplications that are done before another thread has joined

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
  while (panel_block > 1 &&
         div_up<V>(total_rows, row_block) * div_up<V>(panels, panel_block) < 4 * stream.team->size() &&
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
    gemm_block<V>(g, static_cast<const T*>(g.x) + (first + begin) * g.x_stride,
                  static_cast<const T*>(g.panels) + group * g.group_panel_stride,
                  g.start ? static_cast<const T*>(g.start) + (first + begin) * g.start_stride : nullptr,
                  static_cast<T*>(g.y) + (first + begin) * g.y_stride, rows, p0, p1);
  };
  if (total_rows * g.n * g.k < kSerialProducts) {
    for (int64_t task = 0; task < tasks; ++task) run(task, 0);
  } else {
    stream.team->parallel_for(tasks, run);
  }
}

// How dw is cut: tiles of rows and panels of columns of one task.
struct GradWeightCut {
  int64_t row_tiles, col_panels;
};

// Large blocks pay for copying what they read; small ones give every thread some work.
template <class V>
GradWeightCut cut_grad_weight(const GemmGradWeightArgs& g, int64_t m, int threads) {
  constexpr int64_t kRows = V::kTileRows, kCols = 2 * V::kWidth;
  const auto least = [](int64_t a, int64_t b) { return a < b ? a : b; };
  GradWeightCut cut{least(10, div_up<V>(g.n, kRows)), least(4, div_up<V>(g.k, kCols))};
  const auto too_few = [&] {
    const int64_t tasks = div_up<V>(g.n, cut.row_tiles * kRows) * div_up<V>(g.k, cut.col_panels * kCols);
    return tasks * g.num_groups < 4 * threads;
  };
  while (too_few() && cut.row_tiles * kRows * cut.col_panels * kCols * m > kSerialProducts) {
    int64_t& larger =
        cut.col_panels == 1 || cut.row_tiles * kRows >= cut.col_panels * kCols ? cut.row_tiles : cut.col_panels;
    if (larger == 1) break;
    larger = div_up<V>(larger, 2);
  }
  return cut;
}

// Copies k rows of `cols` columns at x into [k][two vectors], zero beyond cols.
template <class V>
inline void pack_columns(const typename V::T* x, int64_t stride, int64_t k, int cols, typename V::T* out) {
  const int n0 = cols < V::kWidth ? cols : V::kWidth;
  for (int64_t r = 0; r < k; ++r, x += stride, out += 2 * V::kWidth) {
    load_lanes<V>(x, n0).store(out);
    (cols > n0 ? load_lanes<V>(x + V::kWidth, cols - n0) : V::set(0)).store(out + V::kWidth);
  }
}

// dw rows [row_begin, row_end), columns [col_begin, col_end) of one group. Both factors are copied, a few hundred
// tokens at a time: columns of a wide matrix fall into the same cache sets.
template <class V>
void grad_weight_block(const GemmGradWeightArgs& g, const typename V::T* dy, const typename V::T* x, typename V::T* dw,
                       int64_t m, int64_t row_begin, int64_t row_end, int64_t col_begin, int64_t col_end) {
  constexpr int64_t kCols = 2 * V::kWidth, kTokens = 256, kPackedRow = div_up<V>(V::kTileRows, V::kWidth) * V::kWidth;
  auto *panels = scratch<V, 1>(kTokens * div_up<V>(col_end - col_begin, kCols) * kCols),
       *tile = scratch<V, 14>(kTokens * kPackedRow);
  for (int64_t m0 = 0; m0 < m; m0 += kTokens) {
    const int64_t k = m - m0 < kTokens ? m - m0 : kTokens;
    for (int64_t col = col_begin; col < col_end; col += kCols)
      pack_columns<V>(x + m0 * g.x_stride + col, g.x_stride, k, static_cast<int>(g.k - col < kCols ? g.k - col : kCols),
                      panels + (col - col_begin) * k);
    for (int64_t i = row_begin; i < row_end; i += V::kTileRows) {
      const int rows = static_cast<int>(row_end - i < V::kTileRows ? row_end - i : V::kTileRows);
      for (int64_t r = 0; r < k; ++r)
        for_lanes<V>(rows, [&](int64_t j, int n) {
          load_lanes<V>(dy + (m0 + r) * g.dy_stride + i + j, n).store(tile + r * kPackedRow + j);
        });
      for (int64_t col = col_begin; col < col_end; col += kCols)
        gemm_tile_rows<V>(rows, {tile, 1, kPackedRow, panels + (col - col_begin) * k, kCols, dw + i * g.dw_stride + col,
                                 g.dw_stride, dw + i * g.dw_stride + col, g.dw_stride, k,
                                 static_cast<int>(g.k - col < kCols ? g.k - col : kCols)});
    }
  }
}

template <class V>
void gemm_grad_weight(const GemmGradWeightArgs& g, const Stream& stream) {
  using T = typename V::T;
  const int64_t total = g.offsets ? g.offsets[g.num_groups] : g.m;
  const GradWeightCut cut = cut_grad_weight<V>(g, total / g.num_groups, stream.team->size());
  const int64_t row_block = cut.row_tiles * V::kTileRows, col_block = cut.col_panels * 2 * V::kWidth;
  const int64_t col_tasks = div_up<V>(g.k, col_block), per_group = div_up<V>(g.n, row_block) * col_tasks;
  const auto run = [&](int64_t task, int) {
    const int64_t group = task / per_group, rest = task % per_group;
    const int64_t first = g.offsets ? g.offsets[group] : 0;
    const int64_t m = g.offsets ? g.offsets[group + 1] - first : g.m;
    const int64_t i = rest / col_tasks * row_block, j = rest % col_tasks * col_block;
    grad_weight_block<V>(g, static_cast<const T*>(g.dy) + first * g.dy_stride,
                         static_cast<const T*>(g.x) + first * g.x_stride,
                         static_cast<T*>(g.dw) + group * g.group_dw_stride, m, i,
                         i + row_block < g.n ? i + row_block : g.n, j, j + col_block < g.k ? j + col_block : g.k);
  };
  if (total * g.n * g.k < kSerialProducts) {
    for (int64_t task = 0; task < g.num_groups * per_group; ++task) run(task, 0);
  } else {
    stream.team->parallel_for(g.num_groups * per_group, run);
  }
}

// One panel of B = w^T (rows of w become columns) or of B = w.
template <class V>
inline void pack_panel(const PackPanelsArgs& p, const typename V::T* w, int64_t first, int64_t k, int cols,
                       typename V::T* out) {
  constexpr int64_t kCols = 2 * V::kWidth;
  if (!p.transpose) return pack_columns<V>(w + first, p.cols, k, cols, out);
  if (cols < kCols)
    for (int64_t i = 0; i < k * kCols; ++i) out[i] = 0;
  transpose<V>(w + first * p.cols, p.cols, cols, k, out, kCols);
}

template <class V>
void pack_panels(const PackPanelsArgs& p, const Stream& stream) {
  using T = typename V::T;
  constexpr int64_t kCols = 2 * V::kWidth;
  const int64_t k = p.transpose ? p.cols : p.rows, n = p.transpose ? p.rows : p.cols;
  const int64_t panels = div_up<V>(n, kCols);
  stream.team->parallel_for(p.num_matrices * panels, [&](int64_t task, int) {
    const int64_t first = task % panels * kCols;
    pack_panel<V>(p, static_cast<const T*>(p.w) + task / panels * p.matrix_stride, first, k,
                  static_cast<int>(n - first < kCols ? n - first : kCols),
                  static_cast<T*>(p.panels) + task * k * kCols);
  });
}

}  // namespace hone::kernels
