// CPU twin of the backward operators of attention.h. One task is a family of spans and one key-value head, so gradients
// of shared keys add up in the order of the spans.
#pragma once

#include "kernels/attention_cpu.h"

namespace hone::kernels {

// Keys of a span as rows [positions][key_dim] and values transposed [blocks][value_dim][16].
template <class V>
struct TurnedKv {
  typename V::T* keys;
  typename V::T* values;
};

template <class V>
TurnedKv<V> turn_kv(const AttentionArgs& a, const AttentionSpan& span, int64_t kv_head) {
  using T = typename V::T;
  const int64_t blocks = div_up<V>(span.position + span.num_rows, kAttentionBlock);
  const int64_t kd = a.shape.key_dim, vd = a.shape.value_dim;
  TurnedKv<V> out{scratch<V, 4>(blocks * kAttentionBlock * kd), scratch<V, 5>(blocks * kAttentionBlock * vd)};
  for (int64_t b = 0; b < blocks; ++b) {
    const T* keys =
        static_cast<const T*>(a.keys) + span.blocks[b] * a.shape.key_elements() + kv_head * kd * kAttentionBlock;
    const T* values =
        static_cast<const T*>(a.values) + span.blocks[b] * a.shape.value_elements() + kv_head * vd * kAttentionBlock;
    T *k = out.keys + b * kAttentionBlock * kd, *v = out.values + b * kAttentionBlock * vd;
    transpose<V>(keys, kAttentionBlock, kd, kAttentionBlock, k, kd);
    transpose<V>(values, vd, kAttentionBlock, vd, v, kAttentionBlock);
  }
  return out;
}

// dp holds dout . value on entry, ds = p (dp - dout . out) scale on return; p becomes the normalized probabilities.
template <class V>
inline void softmax_backward_row(typename V::T* p, typename V::T* dp, int64_t stride, int64_t limit,
                                 typename V::T inverse_sum, typename V::T dot, typename V::T scale) {
  using T = typename V::T;
  constexpr int W = V::kWidth;
  for (int64_t j = 0; j < stride; j += W) {
    const int64_t left = limit - j;
    const V prob = V::load(p + j) * V::set(inverse_sum);
    V ds = prob * (V::load(dp + j) - V::set(dot)) * V::set(scale);
    // Slots beyond the limit may hold anything, NaN included.
    if (left < W) ds = V::fill_from(ds, left > 0 ? static_cast<int>(left) : 0, T(0));
    prob.store(p + j);
    ds.store(dp + j);
  }
}

// target[block][d][16] += sum_i x_i[d] * w[i][j]: rows in order.
template <class V>
inline void add_outer_transposed(const QueryTile<V>& tile, const typename V::T* const* x, int64_t dim,
                                 const typename V::T* w, int64_t block, typename V::T* target) {
  constexpr int W = V::kWidth;
  for (int64_t d = 0; d < dim; ++d)
    for (int part = 0; part < kAttentionBlock; part += W) {
      V acc = V::load(target + d * kAttentionBlock + part);
      for (int i = 0; i < tile.count; ++i)
        acc = V::fma(V::set(x[i][d]), V::load(w + i * tile.stride + block * kAttentionBlock + part), acc);
      acc.store(target + d * kAttentionBlock + part);
    }
}

// target[j][c] += sum_i w[i][j] * x_i[c] for the positions of one block that the tile sees.
template <class V>
inline void add_outer(const QueryTile<V>& tile, const typename V::T* const* x, int64_t dim, const typename V::T* w,
                      int64_t block, typename V::T* target) {
  const int64_t first = block * kAttentionBlock;
  const int64_t end = first + kAttentionBlock < tile.length ? first + kAttentionBlock : tile.length;
  for (int64_t j = first; j < end; ++j)
    for_lanes<V>(dim, [&](int64_t c, int n) {
      typename V::T* out = target + (j - first) * dim + c;
      V acc = load_lanes<V>(out, n);
      for (int i = 0; i < tile.count; ++i)
        acc = V::fma(V::set(w[i * tile.stride + j]), load_lanes<V>(x[i] + c, n), acc);
      store_lanes<V>(acc, out, n);
    });
}

template <class V>
void attention_backward_tile(const AttentionBackwardArgs& b, const AttentionSpan& span, int64_t kv_head,
                             const TurnedKv<V>& turned, const QueryTile<V>& tile) {
  using T = typename V::T;
  const AttentionArgs& a = b.forward;
  const int64_t kd = a.shape.key_dim, vd = a.shape.value_dim;
  T *p = scratch<V, 3>(kQueryTile * tile.stride), *ds = scratch<V, 6>(kQueryTile * tile.stride);
  T inverse_sum[kQueryTile], ones[kQueryTile];
  const T* dout[kQueryTile];
  T* dq[kQueryTile];
  tile_softmax<V>(a, span, kv_head, tile, p, inverse_sum);
  for (int i = 0; i < tile.count; ++i) {
    dout[i] = static_cast<const T*>(b.dout) + tile.row[i] * a.out_stride + tile.head[i] * vd;
    dq[i] = static_cast<T*>(b.dq) + tile.row[i] * a.q_stride + tile.head[i] * kd;
    ones[i] = 1;
  }
  for (int64_t block = 0; block * kAttentionBlock < tile.length; ++block)
    block_scores<V>(tile.count, dout, turned.values + block * kAttentionBlock * vd, vd, ds + block * kAttentionBlock,
                    tile.stride);
  for (int i = 0; i < tile.count; ++i) {
    const T* out = static_cast<const T*>(a.out) + tile.row[i] * a.out_stride + tile.head[i] * vd;
    V dot = V::set(0);
    for_lanes<V>(
        vd, [&](int64_t c, int n) { dot = V::fma(load_lanes<V>(out + c, n), load_lanes<V>(dout[i] + c, n), dot); });
    softmax_backward_row<V>(p + i * tile.stride, ds + i * tile.stride, tile.stride, tile.limit[i], inverse_sum[i],
                            dot.sum(), static_cast<T>(a.scale));
  }
  weighted_rows<V>(
      tile.count, ds, tile.stride, tile.length, kd, [&](int64_t j) { return turned.keys + j * kd; }, dq, ones);
  for (int64_t block = 0; block * kAttentionBlock < tile.length; ++block) {
    T* dkeys = static_cast<T*>(b.dkeys) + span.blocks[block] * a.shape.key_elements() + kv_head * kd * kAttentionBlock;
    T* dvalues =
        static_cast<T*>(b.dvalues) + span.blocks[block] * a.shape.value_elements() + kv_head * vd * kAttentionBlock;
    add_outer_transposed<V>(tile, tile.q, kd, ds, block, dkeys);
    add_outer<V>(tile, dout, vd, p, block, dvalues);
  }
}

// Sets the gradients of the blocks that begin in this span to zero, for one head.
template <class V>
void clear_own_blocks(const AttentionBackwardArgs& b, const AttentionSpan& span, int64_t kv_head) {
  using T = typename V::T;
  const KvShape& s = b.forward.shape;
  const auto clear = [](T* data, int64_t count) {
    for_lanes<V>(count, [&](int64_t i, int n) { store_lanes<V>(V::set(0), data + i, n); });
  };
  for (int64_t i = span.position / kAttentionBlock; i * kAttentionBlock < span.position + span.num_rows; ++i) {
    const int64_t keys = s.key_dim * kAttentionBlock, values = s.value_dim * kAttentionBlock, block = span.blocks[i];
    clear(static_cast<T*>(b.dkeys) + block * s.key_elements() + kv_head * keys, keys);
    clear(static_cast<T*>(b.dvalues) + block * s.value_elements() + kv_head * values, values);
  }
}

template <class V>
void attention_backward(const AttentionBackwardArgs& b, const Stream& stream) {
  const AttentionArgs& a = b.forward;
  stream.team->parallel_for(b.num_families * a.shape.kv_heads, [&](int64_t task, int) {
    const int64_t family = task / a.shape.kv_heads, kv_head = task % a.shape.kv_heads;
    for (int32_t s = b.families[family]; s < b.families[family + 1]; ++s) {
      clear_own_blocks<V>(b, a.spans[s], kv_head);
      const TurnedKv<V> turned = turn_kv<V>(a, a.spans[s], kv_head);
      for_query_tiles<V>(a, a.spans[s], kv_head, [&](const QueryTile<V>& tile) {
        attention_backward_tile<V>(b, a.spans[s], kv_head, turned, tile);
      });
    }
  });
}

// Adds the gradients of a prompt's tail, of which each span that continues it has a copy, to the prompt's own block.
template <class V>
void add_copied_tails(const KvGatherArgs& g, int64_t head) {
  using T = typename V::T;
  const KvShape& s = g.shape;
  const auto add = [](const T* from, T* to, int64_t count) {
    for_lanes<V>(count, [&](int64_t i, int n) {
      store_lanes<V>(load_lanes<V>(to + i, n) + load_lanes<V>(from + i, n), to + i, n);
    });
  };
  for (int64_t index = 0; index < g.num_spans; ++index) {
    const AttentionSpan& span = g.spans[index];
    const int64_t tail = span.position % kAttentionBlock, at = span.position / kAttentionBlock;
    if (g.parents[index] < 0 || tail == 0) continue;
    const int64_t from = span.blocks[at], to = g.spans[g.parents[index]].blocks[at];
    const int64_t key = head * s.key_dim * kAttentionBlock, value = head * s.value_dim * kAttentionBlock;
    T *keys = static_cast<T*>(g.dkeys) + key, *values = static_cast<T*>(g.dvalues) + value;
    for (int64_t d = 0; d < s.key_dim * kAttentionBlock; d += kAttentionBlock)
      add(keys + from * s.key_elements() + d, keys + to * s.key_elements() + d, tail);
    add(values + from * s.value_elements(), values + to * s.value_elements(), tail * s.value_dim);
  }
}

template <class V>
inline void gather_head(const KvGatherArgs& g, int64_t head, int64_t row, int64_t block, int64_t slot, int64_t n) {
  using T = typename V::T;
  const KvShape& s = g.shape;
  const int64_t b_dim = s.key_dim - g.key_a_dim;
  const T* keys = static_cast<const T*>(g.dkeys) + block * s.key_elements() + head * s.key_dim * kAttentionBlock + slot;
  const T* keys_b = keys + g.key_a_dim * kAttentionBlock;
  const T* values =
      static_cast<const T*>(g.dvalues) + block * s.value_elements() + (head * kAttentionBlock + slot) * s.value_dim;
  T* b = static_cast<T*>(g.key_b) + row * g.key_b_stride + head * g.key_b_head_stride;
  T* v = static_cast<T*>(g.value) + row * g.value_stride + head * g.value_head_stride;
  transpose<V>(keys, kAttentionBlock, g.key_a_dim, n,
               static_cast<T*>(g.key_a) + row * g.key_a_stride + head * g.key_a_head_stride, g.key_a_stride);
  if (head == 0 || g.key_b_head_stride != 0) {
    transpose<V>(keys_b, kAttentionBlock, b_dim, n, b, g.key_b_stride);
  } else {
    transpose<V, true>(keys_b, kAttentionBlock, b_dim, n, b, g.key_b_stride);
  }
  for (int64_t i = 0; i < n; ++i)
    for_lanes<V>(s.value_dim, [&](int64_t d, int lanes) {
      store_lanes<V>(load_lanes<V>(values + i * s.value_dim + d, lanes), v + i * g.value_stride + d, lanes);
    });
}

template <class V>
void kv_gather(const KvGatherArgs& g, const Stream& stream) {
  stream.team->parallel_for(g.shape.kv_heads, [&](int64_t head, int) { add_copied_tails<V>(g, head); });
  constexpr int64_t kSpans = 8;
  stream.team->parallel_for(div_up<V>(g.num_spans, kSpans), [&](int64_t task, int) {
    for (int64_t index = task * kSpans; index < (task + 1) * kSpans && index < g.num_spans; ++index)
      for_blocks_of<V>(g.spans[index], [&](int64_t row, int64_t block, int64_t slot, int64_t n) {
        for (int64_t head = 0; head < g.shape.kv_heads; ++head) gather_head<V>(g, head, row, block, slot, n);
      });
  });
}

}  // namespace hone::kernels
