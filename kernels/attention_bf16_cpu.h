// CPU twin of attention.h where keys and values are bf16, as templates on an engine (attention_bf16_products.h).
// Queries and probabilities are rounded to bf16 for the products, as every input of a product is; scores, softmax and
// sums are f32.
//
// The positions of a row are taken in chunks of kChunk by position in the sequence. A chunk gives the row its largest
// score, the sum of exp(score - largest) and the sum of those times the values; chunks are merged in order. So a row's
// bits depend on its sequence alone, chunks of a long context can be computed by several threads, and scratch does not
// grow with the context.
#pragma once

#include <cstring>
#include <limits>

#include "kernels/attention_bf16_products.h"
#include "kernels/attention_cpu.h"

namespace hone::kernels {

inline constexpr int kChunk = 512;  // positions
inline constexpr int kChunkBlocks = kChunk / kAttentionBlock;
inline constexpr int kTileQueries = 32;   // whose scores exist at a time
inline constexpr int kTaskQueries = 256;  // that share one pass over keys and values

inline constexpr int64_t kSerialWork = 131072;  // products that are done before another thread has joined

template <class E>
constexpr int64_t round_up(int64_t n, int64_t to) {
  return (n + to - 1) / to * to;
}

template <class E, int Tag>
uint16_t* scratch_bf16(int64_t count) {
  return reinterpret_cast<uint16_t*>(scratch<typename E::V, Tag>(div_up<E>(count, 2)));
}

// 2^x, 0 relative to 1 for x below -126; NaN for NaN. The polynomial is a minimax fit on [-1/2, 1/2], error 1e-7.
template <class V>
inline V exp2(V x) {
  x = V::max(V::set(-126.0f), x);
  const V n = V::round(x), f = x - n;
  V p = V::set(1.3264726997e-3f);
  p = V::fma(p, f, V::set(9.6715126543e-3f));
  p = V::fma(p, f, V::set(5.5507337439e-2f));
  p = V::fma(p, f, V::set(2.4022242085e-1f));
  p = V::fma(p, f, V::set(6.9314697760e-1f));
  p = V::fma(p, f, V::set(1.0f));
  return V::scale2(p, n);
}

inline constexpr float kLog2E = 1.44269504088896341f;

template <class V>
inline float exp2_of(float x) {
  float out[V::kWidth];
  exp2(V::set(x)).store(out);
  return out[0];
}

// Queries of one span and key-value head: query t is row t / group, head kv_head * group + t % group.
template <class E>
struct HeadQueries {
  const AttentionArgs& a;
  const AttentionSpan& span;
  int64_t kv_head;

  int64_t group() const { return a.heads / a.shape.kv_heads; }
  int64_t count() const { return span.num_rows * group(); }
  int64_t row(int64_t t) const { return span.first_row + t / group(); }
  int64_t head(int64_t t) const { return kv_head * group() + t % group(); }
  int64_t limit(int64_t t) const { return span.position + t / group() + 1; }  // keys it sees
  int64_t q_at(int64_t t) const { return row(t) * a.q_stride + head(t) * a.shape.key_dim; }
  int64_t out_at(int64_t t) const { return row(t) * a.out_stride + head(t) * a.shape.value_dim; }
};

// `count` values as bf16, zeros behind them up to a multiple of 32.
template <class E>
inline void narrow_row(const float* from, int64_t count, uint16_t* to) {
  using V = typename E::V;
  for_lanes<V>(count, [&](int64_t i, int n) {
    if (n == V::kWidth)
      V::load(from + i).store_bf16(to + i);
    else
      V::load_n(from + i, n).store_bf16_n(to + i, n);
  });
  for (int64_t i = count; i < round_up<E>(count, 32); ++i) to[i] = 0;
}

template <class E>
inline typename E::V widen_lanes(const uint16_t* p, int n) {
  return n == E::V::kWidth ? E::V::load_bf16(p) : E::V::load_bf16_n(p, n);
}

// Keys and values of one chunk as the products take them.
template <class E>
struct ChunkKv {
  const uint16_t* keys[kChunkBlocks];  // [key_dim to 32 / 2][16][2] each
  const uint16_t** values;             // [value_dim to 16 / 16] columns, [positions to 32 / 2][16][2] each
};

// A block's keys have key_dim up to a multiple of 32 only where it is one: else they are copied, with zeros.
template <class E>
void find_keys(const HeadQueries<E>& q, int64_t first_block, int64_t blocks, const uint16_t** keys) {
  const KvShape& s = q.a.shape;
  const int64_t stored = (s.key_dim + 1) / 2 * 32, padded = round_up<E>(s.key_dim, 32) * 16;
  const auto* all = static_cast<const uint16_t*>(q.a.keys) + q.kv_head * stored;
  uint16_t* copies = stored == padded ? nullptr : scratch_bf16<E, 20>(kChunkBlocks * padded);
  for (int64_t b = 0; b < blocks; ++b) {
    keys[b] = all + q.span.blocks[first_block + b] * s.key_elements();
    if (!copies) continue;
    uint16_t* copy = copies + b * padded;
    for (int64_t i = 0; i < stored; ++i) copy[i] = keys[b][i];
    for (int64_t i = stored; i < padded; ++i) copy[i] = 0;
    keys[b] = copy;
  }
}

// Rows row_of(first), ..., row_of(end - 1) of `dim` values with pairs of rows together, zeros for rows from `end` on:
// panels[c] holds columns [16 c, 16 c + 16) as [rows to 32 / 2][16][2]. out: room for [dim to 16 / 16][kChunk][16].
template <class E, class RowOf>
void pair_rows(int64_t first, int64_t end, int64_t dim, const RowOf& row_of, uint16_t* out, const uint16_t** panels) {
  using V = typename E::V;
  constexpr int64_t kPanel = kChunk * 16;
  const int64_t columns = round_up<E>(dim, 16);
  for (int64_t c = 0; c < columns / 16; ++c) panels[c] = out + c * kPanel;
  for (int64_t p = first; p < first + round_up<E>(end - first, 32); p += 2) {
    const uint16_t *even = p < end ? row_of(p) : nullptr, *odd = p + 1 < end ? row_of(p + 1) : nullptr;
    uint16_t* to = out + (p - first) * 16;
    for (int64_t c = 0; c < columns; c += V::kWidth) {
      const int64_t left = dim - c;
      const int n = left < 0 ? 0 : left < V::kWidth ? static_cast<int>(left) : V::kWidth;
      const V pairs = odd && n == V::kWidth ? V::join_pairs(even + c, odd + c)
                                            : V::pack_pairs(even ? widen_lanes<E>(even + c, n) : V::set(0),
                                                            odd ? widen_lanes<E>(odd + c, n) : V::set(0));
      pairs.store(reinterpret_cast<float*>(to + c / 16 * kPanel + c % 16 * 2));
    }
  }
}

// Room for `count` pointers that stays until the next call with the same tag.
template <class E, int Tag>
const uint16_t** scratch_pointers(int64_t count) {
  return reinterpret_cast<const uint16_t**>(scratch<typename E::V, Tag>(2 * count));
}

template <class E>
const uint16_t** pair_values(const HeadQueries<E>& q, int64_t first, int64_t end) {
  const KvShape& s = q.a.shape;
  const int64_t columns = div_up<E>(s.value_dim, 16);
  const uint16_t** panels = scratch_pointers<E, 25>(columns);
  const auto* all = static_cast<const uint16_t*>(q.a.values) + q.kv_head * s.value_dim * kAttentionBlock;
  const auto row_of = [&](int64_t p) {
    return all + q.span.blocks[p / kAttentionBlock] * s.value_elements() + p % kAttentionBlock * s.value_dim;
  };
  pair_rows<E>(first, end, s.value_dim, row_of, scratch_bf16<E, 21>(columns * kChunk * 16), panels);
  return panels;
}

// What some chunks gave a row: exp2 of scores relative to `largest`.
struct RowState {
  float largest, sum;
};

// p = exp2(score scale - largest) as bf16 for the first n scores, zeros up to k.
template <class E>
RowState softmax_row(const float* scores, int64_t n, int64_t k, float scale, uint16_t* p) {
  using V = typename E::V;
  constexpr int W = V::kWidth;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  V top = V::set(kLowest);
  for_lanes<V>(n, [&](int64_t j, int lanes) { top = V::max(top, V::fill_from(V::load(scores + j), lanes, kLowest)); });
  const float largest = top.largest() * scale;
  const V factor = V::set(scale), shift = V::set(-largest);
  V sum = V::set(0);
  for_lanes<V>(n, [&](int64_t j, int lanes) {
    const V e = V::fill_from(exp2(V::fma(V::load(scores + j), factor, shift)), lanes, 0);
    sum = sum + e;
    e.store_bf16(p + j);
  });
  for (int64_t j = round_up<E>(n, W); j < k; ++j) p[j] = 0;
  return {largest, sum.sum()};
}

// Adds what a later chunk gave. NaN in either stays.
template <class V>
inline void merge_row(RowState& state, float* out, const RowState& chunk, const float* chunk_out, int64_t dim) {
  const float largest = state.largest > chunk.largest ? state.largest : chunk.largest;
  const float old_share = exp2_of<V>(state.largest - largest), new_share = exp2_of<V>(chunk.largest - largest);
  state = {largest, state.sum * old_share + chunk.sum * new_share};
  const V a = V::set(old_share), b = V::set(new_share);
  for (int64_t c = 0; c < dim; c += V::kWidth) V::fma(V::load(chunk_out + c), b, V::load(out + c) * a).store(out + c);
}

// One tile of queries [t, t + count) against one chunk that the first of them reaches or not: rows that do not see the
// chunk get sum 0.
template <class E>
struct TileBuffers {
  const uint16_t* q;  // [count][key_dim to 32]
  RowState* state;    // [count]
  float* out;         // [count][value_dim to 16]
};

template <class E>
void attend_chunk(const HeadQueries<E>& q, int64_t t, int count, int64_t first, const ChunkKv<E>& kv, E& engine,
                  const TileBuffers<E>& tile) {
  const int64_t kd = round_up<E>(q.a.shape.key_dim, 32), vd = round_up<E>(q.a.shape.value_dim, 16);
  const int64_t length = q.limit(t + count - 1) - first, seen = length < kChunk ? length : kChunk;
  const int64_t blocks = div_up<E>(seen, kAttentionBlock), k = round_up<E>(seen, 32);
  float* scores = scratch<typename E::V, 22>(kTileQueries * kChunk);
  uint16_t* p = scratch_bf16<E, 23>(kTileQueries * kChunk);
  const float scale = static_cast<float>(q.a.scale * kLog2E);
  engine.multiply({tile.q, kd, count, kv.keys, blocks, kd, scores, kChunk});
  for (int i = 0; i < count; ++i) {
    const int64_t limit = q.limit(t + i) - first, n = limit < 0 ? 0 : limit < kChunk ? limit : kChunk;
    tile.state[i] = softmax_row<E>(scores + i * kChunk, n, k, scale, p + i * kChunk);
  }
  engine.multiply({p, kChunk, count, kv.values, vd / 16, k, tile.out, vd});
}

// Rows of the queries as bf16, [count][key_dim to 32].
template <class E>
const uint16_t* narrow_queries(const HeadQueries<E>& q, int64_t begin, int64_t end) {
  const int64_t kd = round_up<E>(q.a.shape.key_dim, 32);
  uint16_t* out = scratch_bf16<E, 24>(kTaskQueries * kd);
  for (int64_t t = begin; t < end; ++t)
    narrow_row<E>(static_cast<const float*>(q.a.q) + q.q_at(t), q.a.shape.key_dim, out + (t - begin) * kd);
  return out;
}

template <class E>
ChunkKv<E> load_chunk(const HeadQueries<E>& q, int64_t first, int64_t end) {
  const int64_t seen = end - first < kChunk ? end - first : kChunk;
  ChunkKv<E> kv;
  find_keys<E>(q, first / kAttentionBlock, div_up<E>(seen, kAttentionBlock), kv.keys);
  kv.values = pair_values<E>(q, first, first + seen);
  return kv;
}

template <class E>
void finish_row(const HeadQueries<E>& q, int64_t t, const RowState& state, const float* out) {
  using V = typename E::V;
  const V inverse = V::set(1 / state.sum);
  float* to = static_cast<float*>(q.a.out) + q.out_at(t);
  for_lanes<V>(q.a.shape.value_dim,
               [&](int64_t c, int n) { store_lanes<V>(load_lanes<V>(out + c, n) * inverse, to + c, n); });
  if (!q.a.log_sums) return;
  float log_sum[V::kWidth];
  vlog(V::set(state.sum)).store(log_sum);
  static_cast<float*>(q.a.log_sums)[q.row(t) * q.a.heads + q.head(t)] = state.largest + log_sum[0] * kLog2E;
}

// Queries [begin, end), at most kTaskQueries, chunk after chunk.
template <class E>
void attend_queries(const HeadQueries<E>& q, int64_t begin, int64_t end) {
  using V = typename E::V;
  const int64_t kd = round_up<E>(q.a.shape.key_dim, 32), vd = round_up<E>(q.a.shape.value_dim, 16);
  E engine;
  const uint16_t* queries = narrow_queries<E>(q, begin, end);
  float *out = scratch<V, 26>(kTaskQueries * vd), *chunk_out = scratch<V, 27>(kTileQueries * vd);
  RowState state[kTaskQueries], chunk_state[kTileQueries];
  for (int64_t first = 0; first < q.limit(end - 1); first += kChunk) {
    const ChunkKv<E> kv = load_chunk<E>(q, first, q.limit(end - 1));
    for (int64_t t = begin; t < end; t += kTileQueries) {
      const int count = static_cast<int>(end - t < kTileQueries ? end - t : kTileQueries);
      if (q.limit(t + count - 1) <= first) continue;
      const int64_t at = t - begin;
      const bool merge = first > 0;
      attend_chunk<E>(q, t, count, first, kv, engine,
                      {queries + at * kd, merge ? chunk_state : state + at, merge ? chunk_out : out + at * vd});
      for (int i = 0; i < count && merge; ++i)
        if (q.limit(t + i) > first)
          merge_row<V>(state[at + i], out + (at + i) * vd, chunk_state[i], chunk_out + i * vd, vd);
    }
  }
  for (int64_t t = begin; t < end; ++t) finish_row<E>(q, t, state[t - begin], out + (t - begin) * vd);
}

// Few short spans over long contexts: a task is a chunk of one span and key-value head, its results are merged after.
template <class E>
void attend_by_chunks(const AttentionArgs& a, int64_t chunks, int64_t queries, ThreadTeam& team) {
  using V = typename E::V;
  const int64_t kd = round_up<E>(a.shape.key_dim, 32), vd = round_up<E>(a.shape.value_dim, 16);
  const int64_t heads = a.num_spans * a.shape.kv_heads, parts = heads * chunks * queries;
  float* out = scratch<V, 28>(parts * (vd + 2));
  auto* state = reinterpret_cast<RowState*>(out + parts * vd);
  team.parallel_for(heads * chunks, [&](int64_t task, int) {
    const int64_t index = task / chunks, first = task % chunks * kChunk;
    const HeadQueries<E> q{a, a.spans[index / a.shape.kv_heads], index % a.shape.kv_heads};
    const int64_t end = q.count();
    if (q.limit(end - 1) <= first) return;
    E engine;
    const uint16_t* rows = narrow_queries<E>(q, 0, end);
    const ChunkKv<E> kv = load_chunk<E>(q, first, q.limit(end - 1));
    for (int64_t t = 0; t < end; t += kTileQueries) {
      const int count = static_cast<int>(end - t < kTileQueries ? end - t : kTileQueries);
      if (q.limit(t + count - 1) <= first) continue;
      const int64_t at = task * queries + t;
      attend_chunk<E>(q, t, count, first, kv, engine, {rows + t * kd, state + at, out + at * vd});
    }
  });
  for (int64_t index = 0; index < heads; ++index) {
    const HeadQueries<E> q{a, a.spans[index / a.shape.kv_heads], index % a.shape.kv_heads};
    for (int64_t t = 0; t < q.count(); ++t) {
      const int64_t at = index * chunks * queries + t;
      for (int64_t c = 1; c * kChunk < q.limit(t); ++c)
        merge_row<V>(state[at], out + at * vd, state[at + c * queries], out + (at + c * queries) * vd, vd);
      finish_row<E>(q, t, state[at], out + at * vd);
    }
  }
}

template <class E>
void attention_bf16(const AttentionArgs& a, const Stream& stream) {
  const int64_t group = a.heads / a.shape.kv_heads;
  int64_t most = 0, longest = 0;
  for (int64_t s = 0; s < a.num_spans; ++s) {
    const int64_t rows = a.spans[s].num_rows, length = a.spans[s].position + rows;
    if (rows * group > most) most = rows * group;
    if (length > longest) longest = length;
  }
  const int64_t chunks = div_up<E>(longest, kChunk), parts = div_up<E>(most, kTaskQueries);
  const int64_t heads = a.num_spans * a.shape.kv_heads;
  const bool small = heads * most * longest * (a.shape.key_dim + a.shape.value_dim) < kSerialWork;
  if (parts == 1 && chunks > 1 && heads < 4 * stream.team->size() && stream.team->size() > 1)
    return attend_by_chunks<E>(a, chunks, most, *stream.team);
  const auto run = [&](int64_t task, int) {
    const int64_t index = task / parts;
    const HeadQueries<E> q{a, a.spans[index / a.shape.kv_heads], index % a.shape.kv_heads};
    const int64_t begin = task % parts * kTaskQueries, end = begin + kTaskQueries;
    if (begin < q.count()) attend_queries<E>(q, begin, end < q.count() ? end : q.count());
  };
  if (small) {
    for (int64_t task = 0; task < heads * parts; ++task) run(task, 0);
  } else {
    stream.team->parallel_for(heads * parts, run);
  }
}

// One row's key, all heads' parts together, and value into slot `slot` of a block.
template <class E>
inline void append_row(const KvAppendArgs& a, int64_t head, int64_t row, int64_t block, int64_t slot) {
  const KvShape& s = a.shape;
  const int64_t pairs = (s.key_dim + 1) / 2, b_dim = s.key_dim - a.key_a_dim;
  float* whole = scratch<typename E::V, 29>(s.key_dim);
  uint16_t* key = scratch_bf16<E, 30>(round_up<E>(s.key_dim, 32));
  const float* part_a = static_cast<const float*>(a.key_a) + row * a.key_a_stride + head * a.key_a_head_stride;
  if (b_dim > 0) {
    const float* part_b = static_cast<const float*>(a.key_b) + row * a.key_b_stride + head * a.key_b_head_stride;
    std::memcpy(whole, part_a, a.key_a_dim * sizeof *whole);
    std::memcpy(whole + a.key_a_dim, part_b, b_dim * sizeof *whole);
    part_a = whole;
  }
  narrow_row<E>(part_a, s.key_dim, key);
  uint16_t* keys = static_cast<uint16_t*>(a.keys) + block * s.key_elements() + head * pairs * 32 + slot * 2;
  for (int64_t d = 0; d < pairs; ++d) std::memcpy(keys + d * 32, key + 2 * d, 2 * sizeof *key);
  uint16_t* value =
      static_cast<uint16_t*>(a.values) + block * s.value_elements() + (head * kAttentionBlock + slot) * s.value_dim;
  const float* from = static_cast<const float*>(a.value) + row * a.value_stride + head * a.value_head_stride;
  for_lanes<typename E::V>(
      s.value_dim, [&](int64_t d, int n) { load_lanes<typename E::V>(from + d, n).store_bf16_n(value + d, n); });
}

template <class E>
void kv_append_bf16(const KvAppendArgs& a, const Stream& stream) {
  constexpr int64_t kSpans = 16;  // a task: decoding has one row a span
  stream.team->parallel_for(div_up<E>(a.num_spans, kSpans), [&](int64_t task, int) {
    for (int64_t index = task * kSpans; index < (task + 1) * kSpans && index < a.num_spans; ++index)
      for_blocks_of<typename E::V>(a.spans[index], [&](int64_t row, int64_t block, int64_t slot, int64_t n) {
        for (int64_t head = 0; head < a.shape.kv_heads; ++head)
          for (int64_t i = 0; i < n; ++i) append_row<E>(a, head, row + i, block, slot + i);
      });
  });
}

template <class E>
void kv_copy_bf16(const KvCopyArgs& a, const Stream&) {
  const KvShape& s = a.shape;
  auto *keys = static_cast<uint16_t*>(a.keys), *values = static_cast<uint16_t*>(a.values);
  for (int64_t d = 0; d < s.key_elements(); d += 2 * kAttentionBlock)
    std::memcpy(keys + a.to * s.key_elements() + d, keys + a.from * s.key_elements() + d, a.num_tokens * 4);
  for (int64_t h = 0; h < s.kv_heads; ++h) {
    const int64_t at = h * kAttentionBlock * s.value_dim;
    std::memcpy(values + a.to * s.value_elements() + at, values + a.from * s.value_elements() + at,
                a.num_tokens * s.value_dim * 2);
  }
}

}  // namespace hone::kernels
