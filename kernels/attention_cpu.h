// CPU twin of attention.h. Work is done in tiles of a few query rows of one key-value head: scores for 16 positions at
// a time with one chain over the key dimension, softmax over the whole row, outputs with one chain over positions.
#pragma once

#include <limits>

#include "kernels/attention.h"
#include "kernels/backend.h"
#include "kernels/cpu_support.h"

namespace hone::kernels {

inline constexpr int kQueryTile = 8;

// Query t of a span and key-value head: row t / group, head head0 + t % group.
template <class V>
struct QueryTile {
  using T = typename V::T;
  int count;                // queries in the tile
  int64_t limit[kQueryTile];  // keys each sees
  const T* q[kQueryTile];
  int64_t row[kQueryTile], head[kQueryTile];
  int64_t length;           // largest limit
  int64_t stride;           // of a row of scores: length up to a full block
};

template <class V>
QueryTile<V> make_query_tile(const AttentionArgs& a, const AttentionSpan& span, int64_t kv_head, int64_t first,
                             int count) {
  using T = typename V::T;
  const int64_t group = a.heads / a.shape.kv_heads;
  QueryTile<V> tile{count, {}, {}, {}, {}, 0, 0};
  for (int i = 0; i < count; ++i) {
    const int64_t t = first + i;
    tile.row[i] = span.first_row + t / group;
    tile.head[i] = kv_head * group + t % group;
    tile.limit[i] = span.position + t / group + 1;
    tile.q[i] = static_cast<const T*>(a.q) + tile.row[i] * a.q_stride + tile.head[i] * a.shape.key_dim;
    if (tile.limit[i] > tile.length) tile.length = tile.limit[i];
  }
  tile.stride = div_up<V>(tile.length, kAttentionBlock) * kAttentionBlock;
  return tile;
}

// scores[i][j] = q_i . key_j for all positions of one block.
template <class V, int R>
inline void block_scores(const typename V::T* const* q, const typename V::T* keys, int64_t dim, typename V::T* scores,
                         int64_t stride) {
  constexpr int W = V::kWidth, kVectors = kAttentionBlock / W;
  for (int part = 0; part < kVectors; part += 2) {
    constexpr int kPair = kVectors == 1 ? 1 : 2;
    V acc[R][kPair];
    for (int i = 0; i < R; ++i)
      for (int j = 0; j < kPair; ++j) acc[i][j] = V::set(0);
    for (int64_t d = 0; d < dim; ++d) {
      for (int j = 0; j < kPair; ++j) {
        const V key = V::load(keys + d * kAttentionBlock + (part + j) * W);
#pragma GCC unroll 8
        for (int i = 0; i < R; ++i) acc[i][j] = V::fma(V::set(q[i][d]), key, acc[i][j]);
      }
    }
    for (int i = 0; i < R; ++i)
      for (int j = 0; j < kPair; ++j) acc[i][j].store(scores + i * stride + (part + j) * W);
  }
}

template <class V>
inline void block_scores(int rows, const typename V::T* const* q, const typename V::T* keys, int64_t dim,
                         typename V::T* scores, int64_t stride) {
  switch (rows) {
    case 1: return block_scores<V, 1>(q, keys, dim, scores, stride);
    case 2: return block_scores<V, 2>(q, keys, dim, scores, stride);
    case 3: return block_scores<V, 3>(q, keys, dim, scores, stride);
    case 4: return block_scores<V, 4>(q, keys, dim, scores, stride);
    case 5: return block_scores<V, 5>(q, keys, dim, scores, stride);
    case 6: return block_scores<V, 6>(q, keys, dim, scores, stride);
    case 7: return block_scores<V, 7>(q, keys, dim, scores, stride);
    default: return block_scores<V, 8>(q, keys, dim, scores, stride);
  }
}

// Fills p [count][stride] with exp(scale * score - maximum), 0 beyond a row's limit, and inverse_sum with 1 / their
// sum.
template <class V>
void tile_softmax(const AttentionArgs& a, const AttentionSpan& span, int64_t kv_head, const QueryTile<V>& tile,
                  typename V::T* p, typename V::T* inverse_sum) {
  using T = typename V::T;
  constexpr int W = V::kWidth;
  const int64_t dim = a.shape.key_dim;
  const T* keys = static_cast<const T*>(a.keys) + kv_head * dim * kAttentionBlock;
  for (int64_t b = 0; b * kAttentionBlock < tile.length; ++b)
    block_scores<V>(tile.count, tile.q, keys + span.blocks[b] * a.shape.key_elements(), dim, p + b * kAttentionBlock,
                    tile.stride);
  const V scale = V::set(static_cast<T>(a.scale));
  for (int i = 0; i < tile.count; ++i) {
    T* row = p + i * tile.stride;
    V largest = V::set(-std::numeric_limits<T>::infinity());
    for (int64_t j = 0; j < tile.stride; j += W) {
      const int64_t left = tile.limit[i] - j;
      V s = V::load(row + j) * scale;
      if (left < W) s = V::fill_from(s, left > 0 ? static_cast<int>(left) : 0, -std::numeric_limits<T>::infinity());
      s.store(row + j);
      largest = V::max(largest, s);
    }
    const V top = V::set(largest.largest());
    V sum = V::set(0);
    for (int64_t j = 0; j < tile.stride; j += W) {
      const V e = vexp(V::load(row + j) - top);
      e.store(row + j);
      sum = sum + e;
    }
    inverse_sum[i] = 1 / sum.sum();
  }
}

// out[i] (+)= sum_j w[i][j] * x_j over positions j < length, x_j = base(j) rows of `dim`.
template <class V, int R, class RowOf>
inline void weighted_rows(const typename V::T* w, int64_t w_stride, int64_t length, int64_t dim, const RowOf& row_of,
                          typename V::T* const* out, const typename V::T* factor) {
  for_lanes<V>(dim, [&](int64_t c, int n) {
    V acc[R];
    for (int i = 0; i < R; ++i) acc[i] = V::set(0);
    for (int64_t j = 0; j < length;) {
      const typename V::T* x = row_of(j) + c;
      const int64_t end = j + kAttentionBlock < length ? j + kAttentionBlock : length;
      for (; j < end; ++j, x += dim) {
        const V row = load_lanes<V>(x, n);
#pragma GCC unroll 8
        for (int i = 0; i < R; ++i) acc[i] = V::fma(V::set(w[i * w_stride + j]), row, acc[i]);
      }
    }
    for (int i = 0; i < R; ++i) store_lanes<V>(acc[i] * V::set(factor[i]), out[i] + c, n);
  });
}

// row_of(j) is asked at multiples of the block size only and gives 16 rows that lie one after another.
template <class V, class RowOf>
inline void weighted_rows(int rows, const typename V::T* w, int64_t w_stride, int64_t length, int64_t dim,
                          const RowOf& row_of, typename V::T* const* out, const typename V::T* factor) {
  switch (rows) {
    case 1: return weighted_rows<V, 1>(w, w_stride, length, dim, row_of, out, factor);
    case 2: return weighted_rows<V, 2>(w, w_stride, length, dim, row_of, out, factor);
    case 3: return weighted_rows<V, 3>(w, w_stride, length, dim, row_of, out, factor);
    case 4: return weighted_rows<V, 4>(w, w_stride, length, dim, row_of, out, factor);
    case 5: return weighted_rows<V, 5>(w, w_stride, length, dim, row_of, out, factor);
    case 6: return weighted_rows<V, 6>(w, w_stride, length, dim, row_of, out, factor);
    case 7: return weighted_rows<V, 7>(w, w_stride, length, dim, row_of, out, factor);
    default: return weighted_rows<V, 8>(w, w_stride, length, dim, row_of, out, factor);
  }
}

// Calls body(tile) for the queries of one span and key-value head.
template <class V, class Body>
inline void for_query_tiles(const AttentionArgs& a, const AttentionSpan& span, int64_t kv_head, const Body& body) {
  const int64_t queries = span.num_rows * (a.heads / a.shape.kv_heads);
  for (int64_t t = 0; t < queries; t += kQueryTile)
    body(
        make_query_tile<V>(a, span, kv_head, t, static_cast<int>(queries - t < kQueryTile ? queries - t : kQueryTile)));
}

template <class V>
void attention_span(const AttentionArgs& a, const AttentionSpan& span, int64_t kv_head) {
  using T = typename V::T;
  for_query_tiles<V>(a, span, kv_head, [&](const QueryTile<V>& tile) {
    T* p = scratch<V, 3>(kQueryTile * tile.stride);
    T inverse_sum[kQueryTile];
    T* out[kQueryTile];
    tile_softmax<V>(a, span, kv_head, tile, p, inverse_sum);
    for (int i = 0; i < tile.count; ++i)
      out[i] = static_cast<T*>(a.out) + tile.row[i] * a.out_stride + tile.head[i] * a.shape.value_dim;
    const T* values = static_cast<const T*>(a.values) + kv_head * a.shape.value_dim * kAttentionBlock;
    weighted_rows<V>(
        tile.count, p, tile.stride, tile.length, a.shape.value_dim,
        [&](int64_t j) { return values + span.blocks[j / kAttentionBlock] * a.shape.value_elements(); }, out,
        inverse_sum);
  });
}

template <class V>
void attention(const AttentionArgs& a, const Stream& stream) {
  // Several short spans make one task, so that decoding many sequences is not all hand-out.
  const int64_t per_task = a.num_spans > 64 * stream.team->size() ? 16 : 1;
  stream.team->parallel_for(div_up<V>(a.num_spans, per_task) * a.shape.kv_heads, [&](int64_t task, int) {
    const int64_t first = task / a.shape.kv_heads * per_task;
    for (int64_t s = first; s < first + per_task && s < a.num_spans; ++s)
      attention_span<V>(a, a.spans[s], task % a.shape.kv_heads);
  });
}

// Calls body(row, block, slot, n) for the pieces of a span that lie in one block each.
template <class V, class Body>
inline void for_blocks_of(const AttentionSpan& span, const Body& body) {
  for (int64_t i = 0, n; i < span.num_rows; i += n) {
    const int64_t position = span.position + i, slot = position % kAttentionBlock;
    n = span.num_rows - i < kAttentionBlock - slot ? span.num_rows - i : kAttentionBlock - slot;
    body(span.first_row + i, span.blocks[position / kAttentionBlock], slot, n);
  }
}

template <class V>
inline void append_head(const KvAppendArgs& a, int64_t head, int64_t row, int64_t block, int64_t slot, int64_t n) {
  using T = typename V::T;
  const KvShape& s = a.shape;
  T* keys = static_cast<T*>(a.keys) + block * s.key_elements() + head * s.key_dim * kAttentionBlock + slot;
  T* values = static_cast<T*>(a.values) + block * s.value_elements() + (head * kAttentionBlock + slot) * s.value_dim;
  transpose<V>(static_cast<const T*>(a.key_a) + row * a.key_a_stride + head * a.key_a_head_stride, a.key_a_stride, n,
               a.key_a_dim, keys, kAttentionBlock);
  transpose<V>(static_cast<const T*>(a.key_b) + row * a.key_b_stride + head * a.key_b_head_stride, a.key_b_stride, n,
               s.key_dim - a.key_a_dim, keys + a.key_a_dim * kAttentionBlock, kAttentionBlock);
  const T* from = static_cast<const T*>(a.value) + row * a.value_stride + head * a.value_head_stride;
  for (int64_t i = 0; i < n; ++i)
    for_lanes<V>(s.value_dim, [&](int64_t d, int lanes) {
      store_lanes<V>(load_lanes<V>(from + i * a.value_stride + d, lanes), values + i * s.value_dim + d, lanes);
    });
}

template <class V>
void kv_append(const KvAppendArgs& a, const Stream& stream) {
  constexpr int64_t kSpans = 8;  // a task: decoding has one row a span
  stream.team->parallel_for(div_up<V>(a.num_spans, kSpans), [&](int64_t task, int) {
    for (int64_t index = task * kSpans; index < (task + 1) * kSpans && index < a.num_spans; ++index)
      for_blocks_of<V>(a.spans[index], [&](int64_t row, int64_t block, int64_t slot, int64_t n) {
        for (int64_t head = 0; head < a.shape.kv_heads; ++head) append_head<V>(a, head, row, block, slot, n);
      });
  });
}

template <class V>
void kv_copy(const KvCopyArgs& a, const Stream&) {
  using T = typename V::T;
  const KvShape& s = a.shape;
  const auto copy = [](const T* from, T* to, int64_t count) {
    for_lanes<V>(count, [&](int64_t i, int n) { store_lanes<V>(load_lanes<V>(from + i, n), to + i, n); });
  };
  T *keys = static_cast<T*>(a.keys), *values = static_cast<T*>(a.values);
  for (int64_t d = 0; d < s.kv_heads * s.key_dim; ++d)
    copy(keys + a.from * s.key_elements() + d * kAttentionBlock, keys + a.to * s.key_elements() + d * kAttentionBlock,
         a.num_tokens);
  for (int64_t h = 0; h < s.kv_heads; ++h) {
    const int64_t offset = h * kAttentionBlock * s.value_dim;
    copy(values + a.from * s.value_elements() + offset, values + a.to * s.value_elements() + offset,
         a.num_tokens * s.value_dim);
  }
}

}  // namespace hone::kernels
