// What the forward and the backward of attention share: the products of a tile of queries with a chunk of positions.
// One block of kAttentionThreads threads per tile; every sum has one order, whatever the other queries of the tile are.
#pragma once

#include "kernels/cuda/dialect_reduce.h"
#include "kernels/cuda/four_floats.h"
#include "kernels/cuda/kv_spans.h"

namespace hone::kernels::cuda {

inline constexpr int kAttentionThreads = 128;
inline constexpr int kWarps = kAttentionThreads / kWarp;
inline constexpr int kTileQueries = 8;    // whose scores exist at a time
inline constexpr int kChunk = 512;        // positions, counted from the sequence's first
inline constexpr int kStagedDepth = 64;   // dimensions of the queries that lie in shared memory at a time
inline constexpr int kStaged = kTileQueries * kStagedDepth / 4;  // FourFloats
inline constexpr int kItemQueries = 4;    // that a thread has of one column
inline constexpr float kLog2E = 1.44269504088896341f;

// 2^x as the CPU's attention has it (kernels/attention_bf16_cpu.h): 0 relative to 1 for x below -126, NaN for NaN.
HONE_DEVICE float power_of_2(float x) {
  x = largest(-126.0f, x);
  const float n = nearest_integer(x), f = x - n;
  float p = 1.3264726997e-3f;
  p = __fmaf_rn(p, f, 9.6715126543e-3f);
  p = __fmaf_rn(p, f, 5.5507337439e-2f);
  p = __fmaf_rn(p, f, 2.4022242085e-1f);
  p = __fmaf_rn(p, f, 6.9314697760e-1f);
  p = __fmaf_rn(p, f, 1.0f);
  return F32x1::scale2({p}, {n}).v;
}

// Queries of one span and key-value head: query t is row t / group, head kv_head * group + t % group.
struct HeadQueries {
  int64_t first_row, position, kv_head, group, count;

  HONE_MEMBER HeadQueries(const DeviceSpan& span, const AttentionArgs& a, int64_t kv_heads, int64_t kv_head)
      : first_row(span.first_row),
        position(span.position),
        kv_head(kv_head),
        group(a.heads / kv_heads),
        count(span.num_rows * group) {}
  HONE_MEMBER int64_t row(int64_t t) const { return first_row + t / group; }
  HONE_MEMBER int64_t head(int64_t t) const { return kv_head * group + t % group; }
  HONE_MEMBER int64_t limit(int64_t t) const { return position + t / group + 1; }  // positions it sees
  // Of the positions from `first` on, those that it sees, at most `most`.
  HONE_MEMBER int visible(int64_t t, int64_t first, int64_t most) const {
    const int64_t n = limit(t) - first;
    return static_cast<int>(n < 0 ? 0 : n < most ? n : most);
  }
};

// products[i][j] = x(i, .) . rows[first + j] for i < count, j < positions: one chain over the dimensions. staged:
// [kTileQueries][kStagedDepth], products: [kTileQueries][kChunk], both shared. Begins with a barrier; the caller puts
// one before the products are read.
template <class X, class Rows>
HONE_DEVICE void multiply_tile(int count, int64_t dim, int64_t first, int positions, const X& x, const Rows& rows,
                               FourFloats* staged, float* products) {
  constexpr int kPositions = kChunk / kAttentionThreads;
  const int tid = static_cast<int>(threadIdx.x);
  float sum[kPositions][kTileQueries] = {};
  for (int64_t d0 = 0; d0 < dim; d0 += kStagedDepth) {
    const int depth = static_cast<int>(dim - d0 < kStagedDepth ? dim - d0 : kStagedDepth);
    __syncthreads();
    for (int e = tid; e < count * kStagedDepth; e += kAttentionThreads) {
      const int i = e / kStagedDepth, d = e % kStagedDepth;
      staged[e / 4].v[e % 4] = d < depth ? x(i, d0 + d) : 0.0f;
    }
    __syncthreads();
    for (int part = 0; part < kPositions; ++part) {
      const int j = tid + part * kAttentionThreads;
      if (j >= positions) continue;
      const auto* row = rows.at(first + j);
      for (int d = 0; d < depth; d += 4) {
        float y[4];
        for (int k = 0; k < 4; ++k) y[k] = d + k < depth ? to_float(row[rows.offset(d0 + d + k)]) : 0.0f;
        for (int i = 0; i < kTileQueries; ++i) {
          if (i >= count) continue;
          const FourFloats a = staged[(i * kStagedDepth + d) / 4];
          for (int k = 0; k < 4; ++k) sum[part][i] = __fmaf_rn(a.v[k], y[k], sum[part][i]);
        }
      }
    }
  }
  for (int part = 0; part < kPositions; ++part) {
    const int j = tid + part * kAttentionThreads;
    for (int i = 0; i < count && j < positions; ++i) products[i * kChunk + j] = sum[part][i];
  }
}

// A column of some queries of the tile, which one thread has.
struct ColumnItem {
  int64_t column;
  int query;  // the first of kItemQueries
};

// Calls body(item) for the items of this thread: the same ones in every call with this `columns`.
template <class Body>
HONE_DEVICE void for_column_items(int64_t columns, const Body& body) {
  for (int64_t e = threadIdx.x; e < columns * (kTileQueries / kItemQueries); e += kAttentionThreads)
    body(ColumnItem{e % columns, static_cast<int>(e / columns) * kItemQueries});
}

// sum[i] += weights[query + i][j] * rows[first + j][column] for j < seen[query + i]: one chain over positions. No
// position is read that no query of the item sees.
template <class Rows>
HONE_DEVICE void add_weighted(const ColumnItem& item, const float* weights, const int* seen, int64_t first,
                              const Rows& rows, float (&sum)[kItemQueries]) {
  const int64_t offset = rows.offset(item.column);
  int n[kItemQueries], most = 0;
  for (int i = 0; i < kItemQueries; ++i) {
    n[i] = seen[item.query + i];
    most = n[i] > most ? n[i] : most;
  }
  for (int j = 0; j < most; ++j) {
    const float y = to_float(rows.at(first + j)[offset]);
    for (int i = 0; i < kItemQueries; ++i)
      if (j < n[i]) sum[i] = __fmaf_rn(weights[(item.query + i) * kChunk + j], y, sum[i]);
  }
}

}  // namespace hone::kernels::cuda
