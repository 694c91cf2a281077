// How the kernels of attention.h see spans and the cache on the device.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/attention.h"
#include "kernels/cuda/dialect.h"

namespace hone::kernels::cuda {

// An AttentionSpan whose block table begins at tables[first_block].
struct DeviceSpan {
  int32_t first_row, num_rows, position, first_block;
};

struct DeviceSpans {
  const DeviceSpan* spans;
  const int32_t* tables;
};

// A part of a span that one block of threads takes: from element `first` on, rows, queries or cache blocks as a kernel
// has it.
struct SpanTile {
  int32_t span, first;
};

inline DeviceSpans upload_spans(const AttentionSpan* spans, int64_t num_spans, const Stream& stream) {
  std::vector<DeviceSpan> flat;
  std::vector<int32_t> tables;
  for (const AttentionSpan* s = spans; s < spans + num_spans; ++s) {
    flat.push_back({s->first_row, s->num_rows, s->position, static_cast<int32_t>(tables.size())});
    const int32_t end = s->position + s->num_rows;
    tables.insert(tables.end(), s->blocks, s->blocks + (end + kAttentionBlock - 1) / kAttentionBlock);
  }
  return {upload(stream, flat.data(), num_spans), upload(stream, tables.data(), static_cast<int64_t>(tables.size()))};
}

// Tiles of `size` elements of every span; elements_of(span) says how many a span has.
template <class ElementsOf>
std::vector<SpanTile> cut_spans(const AttentionSpan* spans, int64_t num_spans, int64_t size,
                                const ElementsOf& elements_of) {
  std::vector<SpanTile> tiles;
  for (int64_t s = 0; s < num_spans; ++s)
    for (int64_t first = 0; first < elements_of(spans[s]); first += size)
      tiles.push_back({static_cast<int32_t>(s), static_cast<int32_t>(first)});
  return tiles;
}

// Elements of a cache with compact type C (of its gradients: float).
struct KvLayout {
  int64_t kv_heads, key_dim, value_dim;
  int64_t key_block, value_block;  // of a block
  int64_t head_keys;               // of one head's keys in a block
};

template <class C>
KvLayout layout_of(const KvShape& s) {
  const int64_t dims = std::is_same_v<C, float> ? s.key_dim : s.key_dim + s.key_dim % 2;
  return {s.kv_heads, s.key_dim, s.value_dim, s.key_elements(), s.value_elements(), dims * kAttentionBlock};
}

// Dimension d of the key in slot `slot`, counted from the head's first. Linear in each for even d.
template <class C>
HONE_HOST_DEVICE int64_t key_index(int64_t d, int64_t slot) {
  if constexpr (std::is_same_v<C, float>) {
    return d * kAttentionBlock + slot;
  } else {
    return (d / 2 * kAttentionBlock + slot) * 2 + d % 2;
  }
}

// What a product of compact type C makes of its input.
template <class C>
HONE_DEVICE float rounded(float x) {
  return to_float(to_element<C>(x));
}

// Keys of one sequence and head: position p's begin at `at(p)`, dimension d at offset(d) from there.
template <class C>
struct KeyRows {
  const C* head;         // in block 0
  const int32_t* table;  // of the sequence
  int64_t block_elements;

  HONE_MEMBER KeyRows(const void* keys, const KvLayout& l, int64_t kv_head, const int32_t* table)
      : head(static_cast<const C*>(keys) + kv_head * l.head_keys), table(table), block_elements(l.key_block) {}
  HONE_MEMBER const C* at(int64_t p) const {
    return head + table[p / kAttentionBlock] * block_elements + key_index<C>(0, p % kAttentionBlock);
  }
  static HONE_MEMBER int64_t offset(int64_t d) { return key_index<C>(d, 0); }
};

template <class C>
struct ValueRows {
  const C* head;
  const int32_t* table;
  int64_t block_elements, dim;

  HONE_MEMBER ValueRows(const void* values, const KvLayout& l, int64_t kv_head, const int32_t* table)
      : head(static_cast<const C*>(values) + kv_head * l.value_dim * kAttentionBlock),
        table(table),
        block_elements(l.value_block),
        dim(l.value_dim) {}
  HONE_MEMBER const C* at(int64_t p) const {
    return head + table[p / kAttentionBlock] * block_elements + p % kAttentionBlock * dim;
  }
  static HONE_MEMBER int64_t offset(int64_t d) { return d; }
};

}  // namespace hone::kernels::cuda
