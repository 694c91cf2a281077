#include "kernels/cuda/attention.h"

#include <algorithm>
#include <limits>

#include "kernels/cuda/attention_tile.h"

namespace hone::kernels::cuda {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

// What some chunks gave a row: exp2 of scores relative to `largest`.
struct RowState {
  float largest, sum;
};

// Factors of what came before and of what is added.
struct Shares {
  float before, added;
};

// Adds a later chunk. NaN in either stays.
HONE_DEVICE Shares merge(RowState& state, const RowState& chunk) {
  const float top = largest(state.largest, chunk.largest);
  const Shares shares{power_of_2(state.largest - top), power_of_2(chunk.largest - top)};
  state = {top, state.sum * shares.before + chunk.sum * shares.added};
  return shares;
}

HONE_DEVICE float merged(float before, float added, const Shares& shares) {
  return __fmaf_rn(added, shares.added, before * shares.before);
}

// p = exp2(score scale - largest) of the first n > 0 scores, in their place, by one warp.
template <class C>
HONE_DEVICE RowState softmax_row(float* scores, int n, float scale) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  float top = kLowest;
  for (int j = lane; j < n; j += kWarp) top = largest(scores[j], top);
  top = warp_largest(top) * scale;
  float sum = 0;
  for (int j = lane; j < n; j += kWarp) {
    const float e = power_of_2(__fmaf_rn(scores[j], scale, -top));
    sum += e;
    scores[j] = rounded<C>(e);
  }
  return {top, warp_sum(sum)};
}

// A tile of queries against a chunk, in shared memory.
struct ChunkTile {
  float* p;         // [kTileQueries][kChunk]
  RowState* state;  // [kTileQueries]
  int* seen;        // [kTileQueries] positions of the chunk, 0 beyond the tile
};

// Fills p, state (where something is seen) and seen; ends with a barrier.
template <class C>
HONE_DEVICE void attend_chunk(const AttentionArgs& a, const KvLayout& l, const HeadQueries& q, const int32_t* table,
                              int64_t t, int count, int64_t first, FourFloats* staged, const ChunkTile& chunk) {
  const auto* rows = static_cast<const float*>(a.q);
  const auto query = [&](int i, int64_t d) {
    return rounded<C>(rows[q.row(t + i) * a.q_stride + q.head(t + i) * l.key_dim + d]);
  };
  multiply_tile(count, l.key_dim, first, q.visible(t + count - 1, first, kChunk), query,
                KeyRows<C>(a.keys, l, q.kv_head, table), staged, chunk.p);
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const float scale = static_cast<float>(a.scale * kLog2E);
  for (int i = static_cast<int>(threadIdx.x) / kWarp; i < kTileQueries; i += kWarps) {
    const int n = i < count ? q.visible(t + i, first, kChunk) : 0;
    if (lane == 0) chunk.seen[i] = n;
    if (n == 0) continue;
    const RowState state = softmax_row<C>(chunk.p + i * kChunk, n, scale);
    if (lane == 0) chunk.state[i] = state;
  }
  __syncthreads();
}

HONE_DEVICE void put_log_sum(const AttentionArgs& a, const HeadQueries& q, int64_t t, const RowState& state) {
  if (a.log_sums)
    static_cast<float*>(a.log_sums)[q.row(t) * a.heads + q.head(t)] = state.largest + logarithm(state.sum) * kLog2E;
}

// One block of threads per tile of queries and head, chunk after chunk; the outputs gather in `out`.
template <class C>
HONE_KERNEL(attend)(AttentionArgs a, KvLayout l, DeviceSpans spans, const SpanTile* tiles) {
  HONE_SHARED(FourFloats, staged, kStaged);
  HONE_SHARED(float, p, kTileQueries * kChunk);
  HONE_SHARED(RowState, chunk_state, kTileQueries);
  HONE_SHARED(int, seen, kTileQueries);
  const DeviceSpan span = spans.spans[tiles[blockIdx.x].span];
  const int64_t t = tiles[blockIdx.x].first;
  const HeadQueries q(span, a, l.kv_heads, blockIdx.y);
  const int count = static_cast<int>(q.count - t < kTileQueries ? q.count - t : kTileQueries);
  const int32_t* table = spans.tables + span.first_block;
  const ValueRows<C> values(a.values, l, q.kv_head, table);
  auto* out = static_cast<float*>(a.out);
  const auto at = [&](int i) { return q.row(t + i) * a.out_stride + q.head(t + i) * l.value_dim; };
  RowState state[kTileQueries];
  Shares shares[kTileQueries];
  for (int64_t first = 0; first < q.limit(t + count - 1); first += kChunk) {
    attend_chunk<C>(a, l, q, table, t, count, first, staged, {p, chunk_state, seen});
    for (int i = 0; i < count; ++i) {
      if (first == 0) state[i] = chunk_state[i];
      else if (seen[i] > 0) shares[i] = merge(state[i], chunk_state[i]);
    }
    for_column_items(l.value_dim, [&](const ColumnItem& item) {
      float sum[kItemQueries] = {};
      add_weighted(item, p, seen, first, values, sum);
      for (int i = 0; i < kItemQueries; ++i) {
        const int query = item.query + i;
        if (seen[query] == 0) continue;
        float& to = out[at(query) + item.column];
        to = first == 0 ? sum[i] : merged(to, sum[i], shares[query]);
      }
    });
  }
  for_column_items(l.value_dim, [&](const ColumnItem& item) {
    for (int i = item.query; i < item.query + kItemQueries && i < count; ++i)
      out[at(i) + item.column] *= 1 / state[i].sum;
  });
  if (static_cast<int>(threadIdx.x) < count) put_log_sum(a, q, t + threadIdx.x, state[threadIdx.x]);
}

// Results of single chunks, [tiles][kv_heads][chunks][kTileQueries] and value_dim outputs each.
struct ChunkResults {
  RowState* state;
  float* out;
  int64_t chunks;

  HONE_MEMBER int64_t at(int64_t tile, int64_t kv_heads, int64_t kv_head, int64_t chunk) const {
    return ((tile * kv_heads + kv_head) * chunks + chunk) * kTileQueries;
  }
};

// One block of threads per tile, head and chunk: the sums of `attend`, not yet merged.
template <class C>
HONE_KERNEL(attend_one_chunk)(AttentionArgs a, KvLayout l, DeviceSpans spans, const SpanTile* tiles,
                              ChunkResults results) {
  HONE_SHARED(FourFloats, staged, kStaged);
  HONE_SHARED(float, p, kTileQueries * kChunk);
  HONE_SHARED(RowState, state, kTileQueries);
  HONE_SHARED(int, seen, kTileQueries);
  const DeviceSpan span = spans.spans[tiles[blockIdx.x].span];
  const int64_t t = tiles[blockIdx.x].first, first = static_cast<int64_t>(blockIdx.z) * kChunk;
  const HeadQueries q(span, a, l.kv_heads, blockIdx.y);
  const int count = static_cast<int>(q.count - t < kTileQueries ? q.count - t : kTileQueries);
  if (first >= q.limit(t + count - 1)) return;
  const int32_t* table = spans.tables + span.first_block;
  attend_chunk<C>(a, l, q, table, t, count, first, staged, {p, state, seen});
  const ValueRows<C> values(a.values, l, q.kv_head, table);
  const int64_t at = results.at(blockIdx.x, l.kv_heads, q.kv_head, blockIdx.z);
  for_column_items(l.value_dim, [&](const ColumnItem& item) {
    float sum[kItemQueries] = {};
    add_weighted(item, p, seen, first, values, sum);
    for (int i = 0; i < kItemQueries; ++i)
      if (seen[item.query + i] > 0) results.out[(at + item.query + i) * l.value_dim + item.column] = sum[i];
  });
  const int i = static_cast<int>(threadIdx.x);
  if (i < count && seen[i] > 0) results.state[at + i] = state[i];
}

HONE_KERNEL(merge_chunks)(AttentionArgs a, KvLayout l, DeviceSpans spans, const SpanTile* tiles, ChunkResults results) {
  const DeviceSpan span = spans.spans[tiles[blockIdx.x].span];
  const int64_t t = tiles[blockIdx.x].first;
  const HeadQueries q(span, a, l.kv_heads, blockIdx.y);
  const int64_t count = q.count - t < kTileQueries ? q.count - t : kTileQueries;
  for (int64_t e = threadIdx.x; e < count * l.value_dim; e += kAttentionThreads) {
    const int64_t i = e / l.value_dim, column = e % l.value_dim;
    int64_t at = results.at(blockIdx.x, l.kv_heads, q.kv_head, 0) + i;
    RowState state = results.state[at];
    float sum = results.out[at * l.value_dim + column];
    for (int64_t first = kChunk; first < q.limit(t + i); first += kChunk) {
      at += kTileQueries;
      const Shares shares = merge(state, results.state[at]);
      sum = merged(sum, results.out[at * l.value_dim + column], shares);
    }
    static_cast<float*>(a.out)[q.row(t + i) * a.out_stride + q.head(t + i) * l.value_dim + column] =
        sum * (1 / state.sum);
    if (column == 0) put_log_sum(a, q, t + i, state);
  }
}

// Blocks of threads below which a GPU is not filled: then chunks are shared out as well.
constexpr int64_t kFewBlocks = 256;

}  // namespace

template <class C>
void attention(const AttentionArgs& a, const Stream& stream) {
  const int64_t group = a.heads / a.shape.kv_heads;
  const auto tiles =
      cut_spans(a.spans, a.num_spans, kTileQueries, [&](const AttentionSpan& s) { return s.num_rows * group; });
  const auto count = static_cast<int64_t>(tiles.size());
  const KvLayout l = layout_of<C>(a.shape);
  const DeviceSpans spans = upload_spans(a.spans, a.num_spans, stream);
  const SpanTile* device_tiles = upload(stream, tiles.data(), count);
  int64_t longest = 0;
  for (int64_t s = 0; s < a.num_spans; ++s)
    longest = std::max<int64_t>(longest, a.spans[s].position + a.spans[s].num_rows);
  const int64_t chunks = div_up(longest, kChunk);
  if (chunks <= 1 || count * l.kv_heads >= kFewBlocks) {
    HONE_LAUNCH(stream, Dim3(count, l.kv_heads), kAttentionThreads, attend<C>, a, l, spans, device_tiles);
    return;
  }
  const int64_t rows = count * l.kv_heads * chunks * kTileQueries;
  const ChunkResults results{scratch<RowState>(stream, rows), scratch<float>(stream, rows * l.value_dim), chunks};
  HONE_LAUNCH(stream, Dim3(count, l.kv_heads, chunks), kAttentionThreads, attend_one_chunk<C>, a, l, spans,
              device_tiles, results);
  HONE_LAUNCH(stream, Dim3(count, l.kv_heads), kAttentionThreads, merge_chunks, a, l, spans, device_tiles, results);
}

template void attention<float>(const AttentionArgs&, const Stream&);
template void attention<uint16_t>(const AttentionArgs&, const Stream&);

}  // namespace hone::kernels::cuda
