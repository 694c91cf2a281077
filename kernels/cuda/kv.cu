#include "kernels/cuda/kv.h"

#include "kernels/cuda/kv_spans.h"

namespace hone::kernels::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRows = 16;  // of a span that one block of threads takes

// Rows of a tile, and where in the cache they lie.
struct TileRows {
  const int32_t* table;
  int64_t row, position, count;

  HONE_MEMBER TileRows(const DeviceSpans& spans, const SpanTile& tile) {
    const DeviceSpan span = spans.spans[tile.span];
    const int64_t left = span.num_rows - tile.first;
    table = spans.tables + span.first_block;
    row = span.first_row + tile.first;
    position = span.position + tile.first;
    count = left < kRows ? left : kRows;
  }
  HONE_MEMBER int64_t block(int64_t i) const { return table[(position + i) / kAttentionBlock]; }
  HONE_MEMBER int64_t slot(int64_t i) const { return (position + i) % kAttentionBlock; }
};

std::vector<SpanTile> row_tiles(const AttentionSpan* spans, int64_t num_spans) {
  return cut_spans(spans, num_spans, kRows, [](const AttentionSpan& s) { return s.num_rows; });
}

// One block of threads per tile and head.
template <class C>
HONE_KERNEL(append_rows)(KvAppendArgs a, KvLayout l, DeviceSpans spans, const SpanTile* tiles) {
  const TileRows rows(spans, tiles[blockIdx.x]);
  const int64_t head = blockIdx.y, dims = l.head_keys / kAttentionBlock;
  const auto* key_a = static_cast<const float*>(a.key_a) + head * a.key_a_head_stride;
  const auto* key_b = static_cast<const float*>(a.key_b) + head * a.key_b_head_stride - a.key_a_dim;
  const auto* value = static_cast<const float*>(a.value) + head * a.value_head_stride;
  C* keys = static_cast<C*>(a.keys) + head * l.head_keys;
  C* values = static_cast<C*>(a.values) + head * l.value_dim * kAttentionBlock;
  for (int64_t e = threadIdx.x; e < rows.count * dims; e += kThreads) {
    const int64_t i = e / dims, d = e % dims, row = rows.row + i;
    const float x = d < a.key_a_dim ? key_a[row * a.key_a_stride + d]
                    : d < l.key_dim  ? key_b[row * a.key_b_stride + d]
                                     : 0.0f;
    keys[rows.block(i) * l.key_block + key_index<C>(d, rows.slot(i))] = to_element<C>(x);
  }
  for (int64_t e = threadIdx.x; e < rows.count * l.value_dim; e += kThreads) {
    const int64_t i = e / l.value_dim, d = e % l.value_dim;
    values[rows.block(i) * l.value_block + rows.slot(i) * l.value_dim + d] =
        to_element<C>(value[(rows.row + i) * a.value_stride + d]);
  }
}

template <class C>
HONE_KERNEL(copy_slots)(C* keys, C* values, KvLayout l, int64_t from, int64_t to, int64_t slots) {
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t e = first; e < l.kv_heads * l.head_keys / kAttentionBlock * slots; e += step) {
    const int64_t at = key_index<C>(e / slots, e % slots);
    keys[to * l.key_block + at] = keys[from * l.key_block + at];
  }
  const int64_t row = slots * l.value_dim;
  for (int64_t e = first; e < l.kv_heads * row; e += step) {
    const int64_t at = e / row * kAttentionBlock * l.value_dim + e % row;
    values[to * l.value_block + at] = values[from * l.value_block + at];
  }
}

// Adds the gradients of a prompt's tail, of which each span that continues it has a copy, to the prompt's own block.
// A thread has one element of all blocks, so that the spans come in order.
HONE_KERNEL(add_copied_tails)(KvGatherArgs g, KvLayout l, DeviceSpans spans, const int32_t* parents) {
  const int64_t e = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const int64_t keys = l.kv_heads * l.head_keys, value_at = e - keys;
  if (value_at >= l.value_block) return;
  const bool is_key = value_at < 0;
  const int64_t slot = is_key ? e % kAttentionBlock : value_at / l.value_dim % kAttentionBlock;
  float* at = is_key ? static_cast<float*>(g.dkeys) + e : static_cast<float*>(g.dvalues) + value_at;
  const int64_t block = is_key ? l.key_block : l.value_block;
  for (int64_t s = 0; s < g.num_spans; ++s) {
    const DeviceSpan span = spans.spans[s];
    if (parents[s] < 0 || slot >= span.position % kAttentionBlock) continue;
    const int64_t index = span.position / kAttentionBlock;
    const int64_t from = spans.tables[span.first_block + index];
    const int64_t to = spans.tables[spans.spans[parents[s]].first_block + index];
    at[to * block] += at[from * block];
  }
}

// to[i][d], or to[i][head][d], from read(i, head, d): with head stride 0 the sum over heads.
template <class Read>
HONE_DEVICE void gather_part(float* to, int64_t stride, int64_t head_stride, int64_t rows, int64_t dim, int64_t heads,
                             const Read& read) {
  for (int64_t e = threadIdx.x; e < rows * dim; e += kThreads) {
    const int64_t i = e / dim, d = e % dim;
    float* out = to + i * stride + d;
    float sum = read(i, 0, d);
    for (int64_t head = 1; head < heads; ++head) {
      const float x = read(i, head, d);
      if (head_stride == 0)
        sum += x;
      else
        out[head * head_stride] = x;
    }
    *out = sum;
  }
}

HONE_KERNEL(gather_rows)(KvGatherArgs g, KvLayout l, DeviceSpans spans, const SpanTile* tiles) {
  const TileRows rows(spans, tiles[blockIdx.x]);
  const auto *dkeys = static_cast<const float*>(g.dkeys), *dvalues = static_cast<const float*>(g.dvalues);
  const auto key = [&](int64_t i, int64_t head, int64_t d) {
    return dkeys[rows.block(i) * l.key_block + head * l.head_keys + key_index<float>(d, rows.slot(i))];
  };
  const auto key_b = [&](int64_t i, int64_t head, int64_t d) { return key(i, head, g.key_a_dim + d); };
  const auto value = [&](int64_t i, int64_t head, int64_t d) {
    const int64_t row = head * kAttentionBlock + rows.slot(i);
    return dvalues[rows.block(i) * l.value_block + row * l.value_dim + d];
  };
  gather_part(static_cast<float*>(g.key_a) + rows.row * g.key_a_stride, g.key_a_stride, g.key_a_head_stride, rows.count,
              g.key_a_dim, l.kv_heads, key);
  gather_part(static_cast<float*>(g.key_b) + rows.row * g.key_b_stride, g.key_b_stride, g.key_b_head_stride, rows.count,
              l.key_dim - g.key_a_dim, l.kv_heads, key_b);
  gather_part(static_cast<float*>(g.value) + rows.row * g.value_stride, g.value_stride, g.value_head_stride, rows.count,
              l.value_dim, l.kv_heads, value);
}

}  // namespace

template <class C>
void kv_append(const KvAppendArgs& a, const Stream& stream) {
  const auto tiles = row_tiles(a.spans, a.num_spans);
  const auto count = static_cast<int64_t>(tiles.size());
  HONE_LAUNCH(stream, Dim3(count, a.shape.kv_heads), kThreads, append_rows<C>, a, layout_of<C>(a.shape),
              upload_spans(a.spans, a.num_spans, stream), upload(stream, tiles.data(), count));
}

template <class C>
void kv_copy(const KvCopyArgs& a, const Stream& stream) {
  const KvLayout l = layout_of<C>(a.shape);
  const int64_t elements = (l.kv_heads * l.head_keys + l.value_block) / kAttentionBlock * a.num_tokens;
  HONE_LAUNCH(stream, div_up(elements, kThreads), kThreads, copy_slots<C>, static_cast<C*>(a.keys),
              static_cast<C*>(a.values), l, a.from, a.to, a.num_tokens);
}

void kv_gather(const KvGatherArgs& g, const Stream& stream) {
  const auto tiles = row_tiles(g.spans, g.num_spans);
  const KvLayout l = layout_of<float>(g.shape);
  const DeviceSpans spans = upload_spans(g.spans, g.num_spans, stream);
  const int64_t elements = l.kv_heads * l.head_keys + l.value_block;
  HONE_LAUNCH(stream, div_up(elements, kThreads), kThreads, add_copied_tails, g, l, spans,
              upload(stream, g.parents, g.num_spans));
  const auto count = static_cast<int64_t>(tiles.size());
  HONE_LAUNCH(stream, count, kThreads, gather_rows, g, l, spans, upload(stream, tiles.data(), count));
}

template void kv_append<float>(const KvAppendArgs&, const Stream&);
template void kv_append<uint16_t>(const KvAppendArgs&, const Stream&);
template void kv_copy<float>(const KvCopyArgs&, const Stream&);
template void kv_copy<uint16_t>(const KvCopyArgs&, const Stream&);

}  // namespace hone::kernels::cuda
