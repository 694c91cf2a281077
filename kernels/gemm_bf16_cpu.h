// CPU twin of gemm.h in bf16. Rows of activations are rounded once per task into scratch; an instruction set S says how
// a tile of rows is multiplied with packed panels:
//   S::V                     vector of floats; a panel has two of it
//   S::kTileRows             rows of a tile
//   S::kPanelDepth           k is padded with zeros to a multiple of this
//   S::panels_at_once(rows)  panels that one tile takes
//   S(rows).tile(rows, t)    the product of one tile; an object is for the tiles of one task on one thread
// A row's order over k is the same in every tile, so it depends on (N, K) alone.
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu_support.h"
#include "kernels/gemm.h"

namespace hone::kernels {

// c [rows, n] = start + a * panels, with whole chains over the depth.
struct Bf16Tile {
  const uint16_t* a;     // [rows][a_stride], zero from k to depth
  int64_t a_stride;
  const uint16_t* b;     // panels, panel_stride apart
  int64_t panel_stride;
  const float* start;    // nullptr: 0
  int64_t start_stride;
  float* c;
  int64_t c_stride;
  int64_t depth;         // a multiple of S::kPanelDepth
  int64_t n;             // columns in use
};

template <class S>
constexpr int64_t padded_depth(int64_t k) {
  return div_up<S>(k, S::kPanelDepth) * S::kPanelDepth;
}

// Rows of bf16 in scratch: a multiple of two vectors long, and an odd number of cache lines apart, so that rows of a
// tile do not fall into the same cache sets.
template <class S>
constexpr int64_t row_stride(int64_t depth) {
  constexpr int64_t kLine = 32;
  return (div_up<S>(depth, kLine) | 1) * kLine;
}

template <class S, int Tag>
uint16_t* bf16_scratch(int64_t count) {
  return reinterpret_cast<uint16_t*>(scratch<typename S::V, Tag>(div_up<S>(count, 2)));
}

// out[0, k) = x rounded to bf16, out[k, size) = 0; size is a multiple of a vector.
template <class S>
inline void round_row(const float* x, int64_t k, uint16_t* out, int64_t size) {
  using V = typename S::V;
  int64_t i = 0;
  for (; i + V::kWidth <= k; i += V::kWidth) V::load(x + i).store_bf16(out + i);
  for (; i < size; i += V::kWidth)
    (i < k ? V::load_n(x + i, static_cast<int>(k - i)) : V::set(0)).store_bf16(out + i);
}

// Transposes the 32-bit words of a W x W block: `word(i)` gives row i, `put(j, column)` takes column j.
template <class V, class Word, class Put>
inline void transpose_words(const Word& word, const Put& put) {
  V tile[V::kWidth];
#pragma GCC unroll 16
  for (int i = 0; i < V::kWidth; ++i) tile[i] = word(i);
  V::transpose(tile);
#pragma GCC unroll 16
  for (int i = 0; i < V::kWidth; ++i) put(i, tile[i]);
}

// Rows r and r + 1 of x [rows][stride] as pairs, n columns from `col`; rows beyond the end are zero.
template <class V>
inline V pair_of_rows(const float* x, int64_t stride, int64_t rows, int64_t r, int64_t col, int n) {
  const V even = r < rows ? load_lanes<V>(x + r * stride + col, n) : V::set(0);
  const V odd = r + 1 < rows ? load_lanes<V>(x + (r + 1) * stride + col, n) : V::set(0);
  return V::pack_pairs(even, odd);
}

// A panel [depth / 2][C][2] of columns [0, cols) of B = x [k][stride].
template <class S>
inline void pack_bf16_columns(const float* x, int64_t stride, int64_t k, int cols, int64_t depth, uint16_t* out) {
  using V = typename S::V;
  constexpr int W = V::kWidth;
  const int n0 = cols < W ? cols : W, n1 = cols - n0;
  for (int64_t r = 0; r < depth; r += 2, out += 4 * W) {
    pair_of_rows<V>(x, stride, k, r, 0, n0).store(reinterpret_cast<float*>(out));
    (n1 > 0 ? pair_of_rows<V>(x, stride, k, r, W, n1) : V::set(0)).store(reinterpret_cast<float*>(out + 2 * W));
  }
}

// The same of B = w^T, w [cols][stride] with k columns.
template <class S>
inline void pack_bf16_rows(const float* w, int64_t stride, int64_t k, int cols, int64_t depth, uint16_t* out) {
  using V = typename S::V;
  constexpr int W = V::kWidth;
  const int64_t length = row_stride<S>(depth);
  uint16_t* rows = bf16_scratch<S, 20>(2 * W * length);
  for (int i = 0; i < 2 * W; ++i) round_row<S>(w + i * stride, i < cols ? k : 0, rows + i * length, length);
  for (int64_t d = 0; d < depth; d += 2 * W)
    for (int half = 0; half < 2; ++half)
      transpose_words<V>(
          [&](int i) { return V::load(reinterpret_cast<const float*>(rows + (half * W + i) * length + d)); },
          [&](int j, V words) {
            if (d + 2 * j < depth) words.store(reinterpret_cast<float*>(out + ((d / 2 + j) * 2 + half) * 2 * W));
          });
}

template <class S>
void pack_bf16_panels(const PackPanelsArgs& p, const Stream& stream) {
  constexpr int64_t kCols = 2 * S::V::kWidth;
  const int64_t k = p.transpose ? p.cols : p.rows, n = p.transpose ? p.rows : p.cols;
  const int64_t panels = div_up<S>(n, kCols), depth = padded_depth<S>(k);
  stream.team->parallel_for(p.num_matrices * panels, [&](int64_t task, int) {
    const int64_t first = task % panels * kCols;
    const int cols = static_cast<int>(n - first < kCols ? n - first : kCols);
    const float* w = static_cast<const float*>(p.w) + task / panels * p.matrix_stride;
    uint16_t* out = static_cast<uint16_t*>(p.panels) + task * depth * kCols;
    if (p.transpose)
      pack_bf16_rows<S>(w + first * p.cols, p.cols, k, cols, depth, out);
    else
      pack_bf16_columns<S>(w + first, p.cols, k, cols, depth, out);
  });
}

// A product of any number of rows and panels, on the calling thread.
template <class S>
void multiply_block(int64_t rows, const Bf16Tile& t) {
  constexpr int64_t kCols = 2 * S::V::kWidth, kPanelBytes = int64_t{1} << 19;
  const S set(static_cast<int>(rows < S::kTileRows ? rows : S::kTileRows));
  const int64_t step = S::panels_at_once(rows) * kCols;
  // Panels that stay in the second-level cache while all rows pass: so rows of c are written in long pieces.
  const int64_t fitting = kPanelBytes / (t.depth * 2 + 1) / step * step, group = fitting < step ? step : fitting;
  for (int64_t first = 0; first < t.n; first += group) {
    const int64_t last = first + group < t.n ? first + group : t.n;
    for (int64_t i = 0; i < rows; i += S::kTileRows)
      for (int64_t j = first; j < last; j += step)
        set.tile(static_cast<int>(rows - i < S::kTileRows ? rows - i : S::kTileRows),
                 {t.a + i * t.a_stride, t.a_stride, t.b + j / kCols * t.panel_stride, t.panel_stride,
                  t.start ? t.start + i * t.start_stride + j : nullptr, t.start_stride, t.c + i * t.c_stride + j,
                  t.c_stride, t.depth, last - j < step ? last - j : step});
  }
}

// The part of a product that is one task.
struct GemmPart {
  int64_t group, first_row, rows, panel_begin, panel_end;
};

// Rows [first, first + rows) of x, rounded.
template <class S>
void round_rows(const GemmArgs& g, int64_t first, int64_t rows, uint16_t* out) {
  const int64_t depth = padded_depth<S>(g.k), length = row_stride<S>(depth);
  const float* x = static_cast<const float*>(g.x) + first * g.x_stride;
  for (int64_t i = 0; i < rows; ++i)
    round_row<S>(x + i * g.x_stride, g.k, out + i * length, div_up<S>(depth, S::V::kWidth) * S::V::kWidth);
}

// `rounded` [rows of x] is nullptr where the part rounds its own.
template <class S>
void bf16_gemm_part(const GemmArgs& g, const GemmPart& part, const uint16_t* rounded) {
  constexpr int64_t kCols = 2 * S::V::kWidth;
  const int64_t depth = padded_depth<S>(g.k), length = row_stride<S>(depth);
  const int64_t panel_stride = g.panel_stride > 0 ? g.panel_stride : depth * kCols;
  const uint16_t* a;
  if (rounded) {
    a = rounded + part.first_row * length;
  } else {
    uint16_t* own = bf16_scratch<S, 21>((part.rows + S::kTileRows) * length);
    round_rows<S>(g, part.first_row, part.rows, own);
    a = own;
  }
  const auto* panels = static_cast<const uint16_t*>(g.panels) + part.group * g.group_panel_stride;
  const float* start = g.start ? static_cast<const float*>(g.start) + part.first_row * g.start_stride : nullptr;
  float* y = static_cast<float*>(g.y) + part.first_row * g.y_stride;
  const int64_t column = part.panel_begin * kCols, end = part.panel_end * kCols < g.n ? part.panel_end * kCols : g.n;
  multiply_block<S>(part.rows, {a, length, panels + part.panel_begin * panel_stride, panel_stride,
                                start ? start + column : nullptr, g.start_stride, y + column, g.y_stride, depth,
                                end - column});
}

inline constexpr int64_t kBf16SerialProducts = 131072;

// How y is cut into parts. Rounded rows of a part stay in the second-level cache while the panels pass. With few rows
// the panels are what costs: many small parts keep all threads busy to the end.
struct Bf16GemmCut {
  int64_t panels, panel_block, panel_parts, row_block;
};

template <class S>
inline Bf16GemmCut cut_bf16_gemm(const GemmArgs& g, int64_t total_rows, int threads) {
  const int64_t depth = padded_depth<S>(g.k), panel_bytes = depth * 4 * S::V::kWidth;
  const int64_t fitting = (int64_t{1} << 19) / (depth > 0 ? depth : 1) / S::kTileRows * S::kTileRows;
  constexpr int64_t kMost = 256 / S::kTileRows * S::kTileRows, kFew = 64;
  const int64_t row_block = fitting < S::kTileRows ? S::kTileRows : fitting > kMost ? kMost : fitting;
  const int64_t wanted = (total_rows <= kFew ? 16 : 4) * threads;
  const int64_t panels = div_up<S>(g.n, 2 * S::V::kWidth);
  int64_t panel_block = panels;
  while (panel_block > 1 && div_up<S>(total_rows, row_block) * div_up<S>(panels, panel_block) < wanted &&
         panel_block * panel_bytes > (int64_t{1} << 16))
    panel_block = div_up<S>(panel_block, 2);
  return {panels, panel_block, div_up<S>(panels, panel_block), row_block};
}

template <class S>
void bf16_gemm(const GemmArgs& g, const Stream& stream) {
  if (g.n == 0) return;
  const int64_t total_rows = g.offsets ? g.offsets[g.num_groups] : g.m, length = row_stride<S>(padded_depth<S>(g.k));
  const Bf16GemmCut cut = cut_bf16_gemm<S>(g, total_rows, stream.team->size());
  const auto group_rows = [&](int64_t group) -> int64_t {
    return g.offsets ? g.offsets[group + 1] - g.offsets[group] : g.m;
  };
  int64_t parts = 0;
  for (int64_t group = 0; group < g.num_groups; ++group)
    parts += div_up<S>(group_rows(group), cut.row_block) * cut.panel_parts;
  const bool alone = total_rows * g.n * g.k < kBf16SerialProducts;
  uint16_t* rounded = nullptr;
  if (cut.panel_parts > 1) {
    constexpr int64_t kChunk = 16384;
    rounded = bf16_scratch<S, 24>((total_rows + S::kTileRows) * length);
    const int64_t rows = kChunk / length + 1, chunks = div_up<S>(total_rows, rows);
    const auto round = [&](int64_t i, int) {
      const int64_t first = i * rows, left = total_rows - first;
      round_rows<S>(g, first, left < rows ? left : rows, rounded + first * length);
    };
    if (alone || chunks == 1) {
      for (int64_t i = 0; i < chunks; ++i) round(i, 0);
    } else {
      stream.team->parallel_for(chunks, round);
    }
  }
  const auto run = [&](int64_t index, int) {
    GemmPart part{};
    for (int64_t n; index >= (n = div_up<S>(group_rows(part.group), cut.row_block) * cut.panel_parts); ++part.group)
      index -= n;
    const int64_t begin = index / cut.panel_parts * cut.row_block, left = group_rows(part.group) - begin;
    part.first_row = (g.offsets ? g.offsets[part.group] : 0) + begin;
    part.rows = left < cut.row_block ? left : cut.row_block;
    part.panel_begin = index % cut.panel_parts * cut.panel_block;
    part.panel_end = part.panel_begin + cut.panel_block < cut.panels ? part.panel_begin + cut.panel_block : cut.panels;
    bf16_gemm_part<S>(g, part, rounded);
  };
  if (alone) {
    for (int64_t i = 0; i < parts; ++i) run(i, 0);
  } else {
    stream.team->parallel_for(parts, run);
  }
}

// dy [rows][stride], columns [0, cols), as rows of dy^T: out [cols][length], zero from `rows` to depth.
template <class S>
inline void round_columns(const float* dy, int64_t stride, int64_t rows, int64_t cols, int64_t depth, uint16_t* out,
                          int64_t length) {
  using V = typename S::V;
  constexpr int W = V::kWidth;
  for (int64_t d = 0; d < depth; d += 2 * W)
    for_lanes<V>(cols, [&](int64_t c, int n) {
      transpose_words<V>([&](int i) { return pair_of_rows<V>(dy, stride, rows, d + 2 * i, c, n); },
                         [&](int j, V words) {
                           if (j < n) words.store(reinterpret_cast<float*>(out + (c + j) * length + d));
                         });
    });
}

inline constexpr int64_t kGradTokens = 2048;  // rows of dy and x that are rounded at a time

// dw of one group with m rows: dy^T and x are rounded and packed, then multiplied. parallel(count, task) runs tasks.
template <class S, class Parallel>
void bf16_grad_weight_group(const GemmGradWeightArgs& g, const float* dy, const float* x, float* dw, int64_t m,
                            const Parallel& parallel) {
  constexpr int64_t kCols = 2 * S::V::kWidth, kRows = div_up<S>(64, S::kTileRows) * S::kTileRows;
  const int64_t most = padded_depth<S>(m < kGradTokens ? m : kGradTokens), length = row_stride<S>(most);
  const int64_t panels = div_up<S>(g.k, kCols), row_tasks = div_up<S>(g.n, kRows);
  uint16_t* rows = bf16_scratch<S, 22>(row_tasks * kRows * length);
  uint16_t* columns = bf16_scratch<S, 23>(panels * kCols * most);
  for (int64_t m0 = 0; m0 < m; m0 += kGradTokens) {
    const int64_t tokens = m - m0 < kGradTokens ? m - m0 : kGradTokens, depth = padded_depth<S>(tokens);
    parallel(panels + row_tasks, [&](int64_t task, int) {
      if (task < panels) {
        const int64_t first = task * kCols;
        pack_bf16_columns<S>(x + m0 * g.x_stride + first, g.x_stride, tokens,
                             static_cast<int>(g.k - first < kCols ? g.k - first : kCols), depth,
                             columns + first * depth);
      } else {
        const int64_t first = (task - panels) * kRows;
        round_columns<S>(dy + m0 * g.dy_stride + first, g.dy_stride, tokens, g.n - first < kRows ? g.n - first : kRows,
                         depth, rows + first * length, length);
      }
    });
    // Few rows of dw go together: their part of dy^T stays in the second-level cache while x passes.
    const int64_t fitting = (int64_t{1} << 18) / (depth * kRows), most_rows = row_tasks / 8 + 1;
    const int64_t block = (fitting < 1 ? 1 : fitting < most_rows ? fitting : most_rows) * kRows;
    parallel(div_up<S>(g.n, block), [&](int64_t task, int) {
      const int64_t begin = task * block, end = begin + block < g.n ? begin + block : g.n;
      float* c = dw + begin * g.dw_stride;
      multiply_block<S>(end - begin, {rows + begin * length, length, columns, kCols * depth, c, g.dw_stride, c,
                                      g.dw_stride, depth, g.k});
    });
  }
}

template <class S>
void bf16_gemm_grad_weight(const GemmGradWeightArgs& g, const Stream& stream) {
  const auto group = [&](int64_t index, const auto& parallel) {
    const int64_t first = g.offsets ? g.offsets[index] : 0, m = g.offsets ? g.offsets[index + 1] - first : g.m;
    bf16_grad_weight_group<S>(g, static_cast<const float*>(g.dy) + first * g.dy_stride,
                              static_cast<const float*>(g.x) + first * g.x_stride,
                              static_cast<float*>(g.dw) + index * g.group_dw_stride, m, parallel);
  };
  const auto serial = [](int64_t count, const auto& task) {
    for (int64_t i = 0; i < count; ++i) task(i, 0);
  };
  const auto on_team = [&](int64_t count, const auto& task) { stream.team->parallel_for(count, task); };
  const int64_t total = g.offsets ? g.offsets[g.num_groups] : g.m;
  if (total * g.n * g.k < kBf16SerialProducts) return serial(g.num_groups, [&](int64_t i, int) { group(i, serial); });
  if (g.num_groups >= 4 * stream.team->size()) return on_team(g.num_groups, [&](int64_t i, int) { group(i, serial); });
  serial(g.num_groups, [&](int64_t i, int) { group(i, on_team); });
}

}  // namespace hone::kernels
