// With p = exp2(score scale log2(e) - log_sum) and ds = p (dout . value - dout . out) scale: dq = ds keys,
// dkeys = ds^T q, dvalues = p^T dout. Scores are computed twice, once for the rows of dq and once for the blocks of
// dkeys and dvalues, so that each sum belongs to one thread and goes in order.
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_tile.h"

namespace hone::kernels::cuda {
namespace {

// dout . out of query t and its log_sum, by one warp: every lane gets both.
struct QuerySums {
  float dot, log_sum;
};

HONE_DEVICE QuerySums query_sums(const AttentionBackwardArgs& b, const KvLayout& l, const HeadQueries& q, int64_t t) {
  const AttentionArgs& a = b.forward;
  const int64_t at = q.row(t) * a.out_stride + q.head(t) * l.value_dim;
  const auto *out = static_cast<const float*>(a.out) + at, *dout = static_cast<const float*>(b.dout) + at;
  float dot = 0;
  for (int64_t c = threadIdx.x % kWarp; c < l.value_dim; c += kWarp) dot = __fmaf_rn(out[c], dout[c], dot);
  return {warp_sum(dot), static_cast<const float*>(a.log_sums)[q.row(t) * a.heads + q.head(t)]};
}

struct PairGradient {
  float p, ds;
};

HONE_DEVICE PairGradient pair_gradient(const AttentionArgs& a, float score, float dp, const QuerySums& sums) {
  const float p = power_of_2(__fmaf_rn(score, static_cast<float>(a.scale * kLog2E), 0.0f - sums.log_sum));
  return {p, p * (dp - sums.dot) * static_cast<float>(a.scale)};
}

// Rows of q and dout as the products take them.
template <class C>
struct QueryRows {
  const AttentionBackwardArgs& b;
  const KvLayout& l;
  const HeadQueries& heads;
};

template <class C>
HONE_DEVICE float query(const QueryRows<C>& r, int64_t t, int64_t d) {
  const AttentionArgs& a = r.b.forward;
  return rounded<C>(static_cast<const float*>(a.q)[r.heads.row(t) * a.q_stride + r.heads.head(t) * r.l.key_dim + d]);
}

template <class C>
HONE_DEVICE float output_gradient(const QueryRows<C>& r, int64_t t, int64_t c) {
  const int64_t at = r.heads.row(t) * r.b.forward.out_stride + r.heads.head(t) * r.l.value_dim;
  return rounded<C>(static_cast<const float*>(r.b.dout)[at + c]);
}

// dq: one block of threads per tile of queries and head, chunk after chunk; the sums gather in dq.
template <class C>
HONE_KERNEL(query_gradients)(AttentionBackwardArgs b, KvLayout l, DeviceSpans spans, const SpanTile* tiles) {
  HONE_SHARED(FourFloats, staged, kStaged);
  HONE_SHARED(float, ds, kTileQueries * kChunk);
  HONE_SHARED(float, dp, kTileQueries * kChunk);
  HONE_SHARED(int, seen, kTileQueries);
  const AttentionArgs& a = b.forward;
  const DeviceSpan span = spans.spans[tiles[blockIdx.x].span];
  const int64_t t = tiles[blockIdx.x].first;
  const HeadQueries q(span, a, l.kv_heads, blockIdx.y);
  const int count = static_cast<int>(q.count - t < kTileQueries ? q.count - t : kTileQueries);
  const int32_t* table = spans.tables + span.first_block;
  const KeyRows<C> keys(a.keys, l, q.kv_head, table);
  const ValueRows<C> values(a.values, l, q.kv_head, table);
  const QueryRows<C> rows{b, l, q};
  const int warp = static_cast<int>(threadIdx.x) / kWarp, lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int64_t first = 0; first < q.limit(t + count - 1); first += kChunk) {
    const int positions = q.visible(t + count - 1, first, kChunk);
    const auto q_at = [&](int i, int64_t d) { return query(rows, t + i, d); };
    const auto dout_at = [&](int i, int64_t c) { return output_gradient(rows, t + i, c); };
    multiply_tile(count, l.key_dim, first, positions, q_at, keys, staged, ds);
    multiply_tile(count, l.value_dim, first, positions, dout_at, values, staged, dp);
    __syncthreads();
    for (int i = warp; i < kTileQueries; i += kWarps) {
      const int n = i < count ? q.visible(t + i, first, kChunk) : 0;
      if (lane == 0) seen[i] = n;
      if (n == 0) continue;
      const QuerySums sums = query_sums(b, l, q, t + i);
      for (int j = i * kChunk + lane; j < i * kChunk + n; j += kWarp)
        ds[j] = rounded<C>(pair_gradient(a, ds[j], dp[j], sums).ds);
    }
    __syncthreads();
    for_column_items(l.key_dim, [&](const ColumnItem& item) {
      auto* dq = static_cast<float*>(b.dq) + item.column;
      const auto at = [&](int i) {
        return q.row(t + item.query + i) * a.q_stride + q.head(t + item.query + i) * l.key_dim;
      };
      float sum[kItemQueries] = {};
      for (int i = 0; i < kItemQueries && first > 0; ++i)
        if (seen[item.query + i] > 0) sum[i] = dq[at(i)];
      add_weighted(item, ds, seen, first, keys, sum);
      for (int i = 0; i < kItemQueries; ++i)
        if (seen[item.query + i] > 0) dq[at(i)] = sum[i];
    });
  }
}

constexpr int kPairQueries = 32;  // whose gradients against one cache block exist at a time

// Gradients of a tile of queries against the positions of one cache block.
struct PairTile {
  float *p, *ds;     // shared, [kPairQueries][kAttentionBlock]; 0 where the query does not see the position
  QuerySums* sums;   // shared, [kPairQueries]
};

// Of queries [t, t + count) against the block at `first`. A barrier comes before p and ds are written, and one at the
// end.
template <class C>
HONE_DEVICE void fill_pairs(const AttentionBackwardArgs& b, const KvLayout& l, const QueryRows<C>& rows,
                            const int32_t* table, int64_t t, int count, int64_t first, const PairTile& tile) {
  const HeadQueries& q = rows.heads;
  const C* keys = KeyRows<C>(b.forward.keys, l, q.kv_head, table).at(first);
  const C* values = ValueRows<C>(b.forward.values, l, q.kv_head, table).at(first);
  for (int i = static_cast<int>(threadIdx.x) / kWarp; i < count; i += kWarps) {
    const QuerySums sums = query_sums(b, l, q, t + i);
    if (threadIdx.x % kWarp == 0) tile.sums[i] = sums;
  }
  __syncthreads();
  for (int e = static_cast<int>(threadIdx.x); e < count * kAttentionBlock; e += kAttentionThreads) {
    const int i = e / kAttentionBlock, j = e % kAttentionBlock;
    tile.p[e] = tile.ds[e] = 0;
    if (j >= q.visible(t + i, first, kAttentionBlock)) continue;
    float score = 0, dp = 0;
    for (int64_t d = 0; d < l.key_dim; ++d)
      score = __fmaf_rn(query(rows, t + i, d), to_float(keys[key_index<C>(d, j)]), score);
    for (int64_t c = 0; c < l.value_dim; ++c)
      dp = __fmaf_rn(output_gradient(rows, t + i, c), to_float(values[j * l.value_dim + c]), dp);
    const PairGradient gradient = pair_gradient(b.forward, score, dp, tile.sums[i]);
    tile.p[e] = rounded<C>(gradient.p);
    tile.ds[e] = rounded<C>(gradient.ds);
  }
  __syncthreads();
}

// dkeys and dvalues of the cache block that holds positions [16 first, 16 first + 16) of the tile's span, by one block
// of threads per head: first from that span, then from the later spans of its family that share the block.
template <class C>
HONE_KERNEL(block_gradients)(AttentionBackwardArgs b, KvLayout l, DeviceSpans spans, const SpanTile* tiles,
                             const int32_t* family_end) {
  HONE_SHARED(float, p, kPairQueries * kAttentionBlock);
  HONE_SHARED(float, ds, kPairQueries * kAttentionBlock);
  HONE_SHARED(QuerySums, sums, kPairQueries);
  const AttentionArgs& a = b.forward;
  const int32_t owner = tiles[blockIdx.x].span, index = tiles[blockIdx.x].first;
  const int64_t block = spans.tables[spans.spans[owner].first_block + index], kv_head = blockIdx.y;
  const int64_t keys = l.key_dim * kAttentionBlock, values = l.value_dim * kAttentionBlock;
  float* dkeys = static_cast<float*>(b.dkeys) + block * l.key_block + kv_head * keys;
  float* dvalues = static_cast<float*>(b.dvalues) + block * l.value_block + kv_head * values;
  for (int64_t e = threadIdx.x; e < keys; e += kAttentionThreads) dkeys[e] = 0;
  for (int64_t e = threadIdx.x; e < values; e += kAttentionThreads) dvalues[e] = 0;
  for (int32_t s = owner; s < family_end[owner]; ++s) {
    const DeviceSpan span = spans.spans[s];
    const int32_t* table = spans.tables + span.first_block;
    if (s > owner && (span.position / kAttentionBlock <= index || table[index] != block)) continue;
    const HeadQueries q(span, a, l.kv_heads, kv_head);
    const QueryRows<C> rows{b, l, q};
    const int64_t first = static_cast<int64_t>(index) * kAttentionBlock;
    const int64_t unseeing = first > q.position ? (first - q.position) * q.group : 0;
    for (int64_t t = unseeing; t < q.count; t += kPairQueries) {
      const int count = static_cast<int>(q.count - t < kPairQueries ? q.count - t : kPairQueries);
      fill_pairs<C>(b, l, rows, table, t, count, first, {p, ds, sums});
      for (int64_t e = threadIdx.x; e < keys; e += kAttentionThreads) {
        float sum = dkeys[e];
        for (int i = 0; i < count; ++i)
          sum = __fmaf_rn(query(rows, t + i, e / kAttentionBlock), ds[i * kAttentionBlock + e % kAttentionBlock], sum);
        dkeys[e] = sum;
      }
      for (int64_t e = threadIdx.x; e < values; e += kAttentionThreads) {
        float sum = dvalues[e];
        for (int i = 0; i < count; ++i)
          sum = __fmaf_rn(output_gradient(rows, t + i, e % l.value_dim), p[i * kAttentionBlock + e / l.value_dim], sum);
        dvalues[e] = sum;
      }
    }
  }
}

// Cache blocks that begin in a span's own rows or hold its first one: those before it belong to another span.
std::vector<SpanTile> own_blocks(const AttentionArgs& a) {
  std::vector<SpanTile> tiles = cut_spans(a.spans, a.num_spans, 1, [](const AttentionSpan& s) {
    return div_up(s.position + s.num_rows, kAttentionBlock) - s.position / kAttentionBlock;
  });
  for (SpanTile& tile : tiles) tile.first += a.spans[tile.span].position / kAttentionBlock;
  return tiles;
}

}  // namespace

template <class C>
void attention_backward(const AttentionBackwardArgs& b, const Stream& stream) {
  const AttentionArgs& a = b.forward;
  const int64_t group = a.heads / a.shape.kv_heads;
  std::vector<int32_t> family_end(a.num_spans);
  for (int64_t f = 0; f < b.num_families; ++f)
    for (int32_t s = b.families[f]; s < b.families[f + 1]; ++s) family_end[s] = b.families[f + 1];
  const auto queries =
      cut_spans(a.spans, a.num_spans, kTileQueries, [&](const AttentionSpan& s) { return s.num_rows * group; });
  const auto blocks = own_blocks(a);
  const auto num_tiles = static_cast<int64_t>(queries.size()), num_blocks = static_cast<int64_t>(blocks.size());
  const KvLayout l = layout_of<C>(a.shape);
  const DeviceSpans spans = upload_spans(a.spans, a.num_spans, stream);
  HONE_LAUNCH(stream, Dim3(num_tiles, l.kv_heads), kAttentionThreads, query_gradients<C>, b, l, spans,
              upload(stream, queries.data(), num_tiles));
  HONE_LAUNCH(stream, Dim3(num_blocks, l.kv_heads), kAttentionThreads, block_gradients<C>, b, l, spans,
              upload(stream, blocks.data(), num_blocks), upload(stream, family_end.data(), a.num_spans));
}

template void attention_backward<float>(const AttentionBackwardArgs&, const Stream&);
template void attention_backward<uint16_t>(const AttentionBackwardArgs&, const Stream&);

}  // namespace hone::kernels::cuda
