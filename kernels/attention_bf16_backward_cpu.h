// CPU twin of attention_backward where keys and values are bf16. The inputs of its products are rounded to bf16; sums
// and gradients are f32. One task is a family of spans and one key-value head; chunks of positions one after another,
// and for each the tiles of queries that see it, so that every sum has one order.
//
// With s = scores, p = exp2(s scale log2(e) - log_sum), ds = p (dout . value - dout . out) scale:
// dq = ds keys, dkeys = ds^T q, dvalues = p^T dout.
#pragma once

#include "kernels/attention_backward_cpu.h"
#include "kernels/attention_bf16_cpu.h"

namespace hone::kernels {

inline constexpr int kBackwardQueries = 128;  // whose probabilities over one chunk exist at a time

// A chunk of keys and values as the backward's products take them, and the sums of their gradients.
template <class E>
struct BackwardChunk {
  int64_t first, end;                           // positions
  const uint16_t* keys[kChunkBlocks];           // [key_dim to 32 / 2][16 positions][2] each
  const uint16_t* turned_values[kChunkBlocks];  // [value_dim to 32 / 2][16 positions][2] each
  const uint16_t** key_rows;                    // [positions to 32 / 2][16 dimensions][2] each
  float *dkeys, *dvalues;                       // [dimensions to 16][kChunk]
};

// Values of each block, transposed in pairs of dimensions; zeros for positions from `end` on.
template <class E>
void turn_values(const HeadQueries<E>& q, BackwardChunk<E>& chunk) {
  const KvShape& s = q.a.shape;
  const int64_t vd = round_up<E>(s.value_dim, 32);
  const auto* all = static_cast<const uint16_t*>(q.a.values) + q.kv_head * s.value_dim * kAttentionBlock;
  uint16_t *rows = scratch_bf16<E, 31>(kAttentionBlock * vd), *out = scratch_bf16<E, 32>(kChunk * vd);
  std::memset(rows, 0, kAttentionBlock * vd * sizeof *rows);
  for (int64_t p = chunk.first, b = 0; p < chunk.end; p += kAttentionBlock, ++b) {
    const auto* block = all + q.span.blocks[p / kAttentionBlock] * s.value_elements();
    const int64_t used = chunk.end - p < kAttentionBlock ? chunk.end - p : kAttentionBlock;
    for (int64_t i = 0; i < kAttentionBlock; ++i) {
      if (i < used)
        std::memcpy(rows + i * vd, block + i * s.value_dim, s.value_dim * sizeof *rows);
      else
        std::memset(rows + i * vd, 0, vd * sizeof *rows);
    }
    uint16_t* to = out + b * kAttentionBlock * vd;
    transpose<typename E::V>(reinterpret_cast<const float*>(rows), vd / 2, kAttentionBlock, vd / 2,
                             reinterpret_cast<float*>(to), kAttentionBlock);
    chunk.turned_values[b] = to;
  }
}

// Keys as rows of positions, pairs of positions together.
template <class E>
void pair_keys(const HeadQueries<E>& q, BackwardChunk<E>& chunk) {
  const int64_t dim = q.a.shape.key_dim, kd = round_up<E>(dim, 32), columns = div_up<E>(dim, 16);
  uint16_t* rows = scratch_bf16<E, 33>(kChunk * kd);
  for (int64_t b = 0; b * kAttentionBlock < chunk.end - chunk.first; ++b)
    transpose<typename E::V>(reinterpret_cast<const float*>(chunk.keys[b]), kAttentionBlock, kd / 2, kAttentionBlock,
                             reinterpret_cast<float*>(rows + b * kAttentionBlock * kd), kd / 2);
  chunk.key_rows = scratch_pointers<E, 34>(columns);
  pair_rows<E>(
      chunk.first, chunk.end, dim, [&](int64_t p) { return rows + (p - chunk.first) * kd; },
      scratch_bf16<E, 35>(columns * kChunk * 16), chunk.key_rows);
}

template <class E>
BackwardChunk<E> load_backward_chunk(const HeadQueries<E>& q, int64_t first, int64_t end) {
  using V = typename E::V;
  const KvShape& s = q.a.shape;
  BackwardChunk<E> chunk{first, end < first + kChunk ? end : first + kChunk, {}, {}, nullptr, nullptr, nullptr};
  find_keys<E>(q, first / kAttentionBlock, div_up<E>(chunk.end - first, kAttentionBlock), chunk.keys);
  turn_values<E>(q, chunk);
  pair_keys<E>(q, chunk);
  const int64_t keys = round_up<E>(s.key_dim, 16) * kChunk, values = round_up<E>(s.value_dim, 16) * kChunk;
  chunk.dkeys = scratch<V, 36>(keys);
  chunk.dvalues = scratch<V, 37>(values);
  std::memset(chunk.dkeys, 0, keys * sizeof(float));
  std::memset(chunk.dvalues, 0, values * sizeof(float));
  return chunk;
}

// Rows of `dim` floats as bf16: as they are, [count][dim to 32], and transposed, [dim to 16][kBackwardQueries].
struct NarrowRows {
  const uint16_t *rows, *turned;
};

template <class E, int Tag, class RowOf>
NarrowRows narrow_both_ways(int count, int64_t dim, const RowOf& row_of) {
  using V = typename E::V;
  constexpr int kRows = kBackwardQueries;
  const int64_t padded = round_up<E>(dim, 32);
  uint16_t *rows = scratch_bf16<E, Tag>(kRows * padded), *turned = scratch_bf16<E, Tag + 1>(kRows * padded);
  float *wide = scratch<V, 38>(kRows * padded), *wide_turned = scratch<V, 39>(kRows * padded);
  for (int i = 0; i < count; ++i) {
    narrow_row<E>(row_of(i), dim, rows + i * padded);
    std::memcpy(wide + i * dim, row_of(i), dim * sizeof *wide);
  }
  transpose<V>(wide, dim, count, dim, wide_turned, kRows);
  for (int64_t d = 0; d < round_up<E>(dim, 16); ++d) {
    if (d < dim) narrow_row<E>(wide_turned + d * kRows, count, turned + d * kRows);
    const int64_t filled = d < dim ? round_up<E>(count, 32) : 0;
    for (int64_t i = filled; i < kRows; ++i) turned[d * kRows + i] = 0;
  }
  return {rows, turned};
}

// Probabilities and their gradients of one tile over one chunk.
template <class E>
struct TileGradients {
  uint16_t* ds_rows;             // [queries][kChunk]
  uint16_t *p_pairs, *ds_pairs;  // per block of 16 positions: [kBackwardQueries / 2][16][2]
};

template <class V>
struct BackwardRow {
  const float *scores, *dp;
  int64_t seen;  // positions; 0: the row does not exist or sees nothing
  V log_sum, dot;

  // p and ds of lanes j, j + 1, ...
  void at(int64_t j, V scale_log2, V scale, V& p, V& ds) const {
    const int64_t left = seen - j;
    p = ds = V::set(0);
    if (left <= 0) return;
    p = exp2(V::fma(V::load(scores + j), scale_log2, V::set(0) - log_sum));
    ds = p * (V::load(dp + j) - dot) * scale;
    if (left >= V::kWidth) return;
    p = V::fill_from(p, static_cast<int>(left), 0);
    ds = V::fill_from(ds, static_cast<int>(left), 0);
  }
};

template <class E>
BackwardRow<typename E::V> backward_row(const AttentionBackwardArgs& b, const HeadQueries<E>& q, int64_t t,
                                        int64_t first, const float* scores, const float* dp) {
  using V = typename E::V;
  const int64_t seen = q.limit(t) - first;
  V dot = V::set(0);
  const float* out = static_cast<const float*>(q.a.out) + q.out_at(t);
  const float* dout = static_cast<const float*>(b.dout) + q.out_at(t);
  for_lanes<V>(q.a.shape.value_dim,
               [&](int64_t c, int n) { dot = V::fma(load_lanes<V>(out + c, n), load_lanes<V>(dout + c, n), dot); });
  const float log_sum = static_cast<const float*>(q.a.log_sums)[q.row(t) * q.a.heads + q.head(t)];
  return {scores, dp, seen < 0 ? 0 : seen < kChunk ? seen : kChunk, V::set(log_sum), V::set(dot.sum())};
}

// Queries [t, t + count), rows [at, at + count) of the tile: p and ds from scores and dp [count][kChunk], positions
// [0, k).
template <class E>
void softmax_backward_rows(const AttentionBackwardArgs& b, const HeadQueries<E>& q, int64_t t, int count, int64_t first,
                           int64_t k, const float* scores, const float* dp, int64_t at, const TileGradients<E>& tile) {
  using V = typename E::V;
  const V scale = V::set(static_cast<float>(q.a.scale)), scale_log2 = V::set(static_cast<float>(q.a.scale * kLog2E));
  for (int i = 0; i < round_up<E>(count, 32); i += 2) {
    BackwardRow<V> row[2] = {};
    for (int r = 0; r < 2; ++r)
      if (i + r < count)
        row[r] = backward_row<E>(b, q, t + i + r, first, scores + (i + r) * kChunk, dp + (i + r) * kChunk);
    for (int64_t j = 0; j < k; j += V::kWidth) {
      V p[2], ds[2];
      for (int r = 0; r < 2; ++r) {
        row[r].at(j, scale_log2, scale, p[r], ds[r]);
        ds[r].store_bf16(tile.ds_rows + (at + i + r) * kChunk + j);
      }
      const int64_t pair = j / 16 * 16 * kBackwardQueries + (at + i) * 16 + j % 16 * 2;
      V::pack_pairs(p[0], p[1]).store(reinterpret_cast<float*>(tile.p_pairs + pair));
      V::pack_pairs(ds[0], ds[1]).store(reinterpret_cast<float*>(tile.ds_pairs + pair));
    }
  }
}

// dq of one tile against one chunk: the first chunk overwrites.
template <class E>
void add_dq(const AttentionBackwardArgs& b, const HeadQueries<E>& q, int64_t t, int count, bool overwrite,
            const float* dq, int64_t stride) {
  using V = typename E::V;
  for (int i = 0; i < count; ++i) {
    float* to = static_cast<float*>(b.dq) + q.q_at(t + i);
    for_lanes<V>(q.a.shape.key_dim, [&](int64_t d, int n) {
      const V x = load_lanes<V>(dq + i * stride + d, n);
      store_lanes<V>(overwrite ? x : load_lanes<V>(to + d, n) + x, to + d, n);
    });
  }
}

template <class E>
void backward_tile(const AttentionBackwardArgs& b, const HeadQueries<E>& q, int64_t t, int count,
                   const BackwardChunk<E>& chunk, E& engine) {
  using V = typename E::V;
  const KvShape& s = q.a.shape;
  const int64_t kd = round_up<E>(s.key_dim, 32), vd = round_up<E>(s.value_dim, 32), dq_cols = round_up<E>(kd, 16);
  const int64_t visible = q.limit(t + count - 1) - chunk.first;
  const int64_t seen = visible < chunk.end - chunk.first ? visible : chunk.end - chunk.first;
  const int64_t blocks = div_up<E>(seen, kAttentionBlock), k = round_up<E>(seen, 32);
  const NarrowRows rows = narrow_both_ways<E, 40>(
      count, s.key_dim, [&](int64_t i) { return static_cast<const float*>(q.a.q) + q.q_at(t + i); });
  const NarrowRows dout = narrow_both_ways<E, 42>(
      count, s.value_dim, [&](int64_t i) { return static_cast<const float*>(b.dout) + q.out_at(t + i); });
  constexpr int64_t kAll = kBackwardQueries * kChunk;
  const TileGradients<E> tile{scratch_bf16<E, 44>(kAll), scratch_bf16<E, 45>(kAll), scratch_bf16<E, 46>(kAll)};
  float *scores = scratch<V, 22>(kTileQueries * kChunk), *dp = scratch<V, 47>(kTileQueries * kChunk);
  for (int i = 0; i < count; i += kTileQueries) {
    const int n = count - i < kTileQueries ? count - i : kTileQueries;
    engine.multiply({rows.rows + i * kd, kd, n, chunk.keys, blocks, kd, scores, kChunk});
    engine.multiply({dout.rows + i * vd, vd, n, chunk.turned_values, blocks, vd, dp, kChunk});
    softmax_backward_rows<E>(b, q, t + i, n, chunk.first, k, scores, dp, i, tile);
  }
  const uint16_t *p_blocks[kChunkBlocks], *ds_blocks[kChunkBlocks];
  for (int64_t j = 0; j < blocks; ++j) {
    p_blocks[j] = tile.p_pairs + j * 16 * kBackwardQueries;
    ds_blocks[j] = tile.ds_pairs + j * 16 * kBackwardQueries;
  }
  const int64_t key_rows = round_up<E>(s.key_dim, 16), value_rows = round_up<E>(s.value_dim, 16);
  const int64_t queries = round_up<E>(count, 32);
  float* dq = scratch<V, 48>(kBackwardQueries * dq_cols);
  engine.multiply({tile.ds_rows, kChunk, count, chunk.key_rows, key_rows / 16, k, dq, dq_cols});
  engine.multiply({rows.turned, kBackwardQueries, key_rows, ds_blocks, blocks, queries, chunk.dkeys, kChunk, true});
  engine.multiply({dout.turned, kBackwardQueries, value_rows, p_blocks, blocks, queries, chunk.dvalues, kChunk, true});
  add_dq<E>(b, q, t, count, chunk.first == 0, dq, dq_cols);
}

// Adds the chunk's gradients to those of its blocks.
template <class E>
void add_chunk_gradients(const AttentionBackwardArgs& b, const HeadQueries<E>& q, const BackwardChunk<E>& chunk) {
  using V = typename E::V;
  const KvShape& s = q.a.shape;
  for (int64_t p = chunk.first; p < chunk.end; p += kAttentionBlock) {
    const int64_t block = q.span.blocks[p / kAttentionBlock], at = p - chunk.first;
    float* keys = static_cast<float*>(b.dkeys) + block * s.key_elements() + q.kv_head * s.key_dim * kAttentionBlock;
    float* values =
        static_cast<float*>(b.dvalues) + block * s.value_elements() + q.kv_head * s.value_dim * kAttentionBlock;
    for (int64_t d = 0; d < s.key_dim; ++d)
      for (int64_t i = 0; i < kAttentionBlock; i += V::kWidth) {
        float* to = keys + d * kAttentionBlock + i;
        (V::load(to) + V::load(chunk.dkeys + d * kChunk + at + i)).store(to);
      }
    transpose<V, true>(chunk.dvalues + at, kChunk, s.value_dim, kAttentionBlock, values, s.value_dim);
  }
}

template <class E>
void attention_backward_span(const AttentionBackwardArgs& b, const HeadQueries<E>& q) {
  E engine;
  const int64_t end = q.span.position + q.span.num_rows;
  for (int64_t first = 0; first < end; first += kChunk) {
    const BackwardChunk<E> chunk = load_backward_chunk<E>(q, first, end);
    const int64_t unseeing = first > q.span.position ? first - q.span.position : 0;  // rows
    for (int64_t t = unseeing * q.group(); t < q.count(); t += kBackwardQueries) {
      const int64_t left = q.count() - t;
      backward_tile<E>(b, q, t, static_cast<int>(left < kBackwardQueries ? left : kBackwardQueries), chunk, engine);
    }
    add_chunk_gradients<E>(b, q, chunk);
  }
}

template <class E>
void attention_backward_bf16(const AttentionBackwardArgs& b, const Stream& stream) {
  const AttentionArgs& a = b.forward;
  stream.team->parallel_for(b.num_families * a.shape.kv_heads, [&](int64_t task, int) {
    const int64_t family = task / a.shape.kv_heads, kv_head = task % a.shape.kv_heads;
    for (int32_t s = b.families[family]; s < b.families[family + 1]; ++s) {
      clear_own_blocks<typename E::V>(b, a.spans[s], kv_head);
      attention_backward_span<E>(b, {a, a.spans[s], kv_head});
    }
  });
}

}  // namespace hone::kernels
