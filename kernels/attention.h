// Causal attention over keys and values in blocks of kAttentionBlock positions.
//
// A sequence's position p lives in block blocks[p / 16], slot p % 16, whether the block belongs to the sampler's paged
// cache or to a training batch: both sides run this operator on this layout, keys in order of position, so a row's
// result depends on its sequence alone. Layout of one block of one layer:
//   keys   [kv_heads][key_dim][16]   (transposed: a vector holds 16 positions)
//   values [kv_heads][16][value_dim]
// Both are compact (bf16 in bf16 mode); their gradients have the same layout in dtype. In bf16 the keys of two
// dimensions lie together, [kv_heads][key_dim / 2][16][2], an odd last one beside zeros: key_elements() counts them.
// Softmax is over all keys of the row (two passes, maximum first); each score and each output is one chain of fused
// multiply-adds, the scores over the key dimension, the outputs over positions 0, 1, 2, ... In bf16 the queries and the
// probabilities (relative to the largest of their chunk, before the division by their sum) are rounded to bf16 as well,
// and the positions are taken in chunks of 512 that are merged in order.
#pragma once

#include <cstdint>

namespace hone::kernels {

inline constexpr int kAttentionBlock = 16;

struct KvShape {
  int64_t kv_heads = 0, key_dim = 0, value_dim = 0;
  int64_t key_elements() const { return kv_heads * (key_dim + key_dim % 2) * kAttentionBlock; }  // per block
  int64_t value_elements() const { return kv_heads * value_dim * kAttentionBlock; }  // per block
};

// Rows [first_row, first_row + num_rows) are one sequence's tokens at positions position, position + 1, ...
struct AttentionSpan {
  int32_t first_row = 0;
  int32_t num_rows = 0;
  int32_t position = 0;
  const int32_t* blocks = nullptr;  // of the whole sequence, up to its last position
};

// Writes keys and values of rows into their blocks. Row r, head h: key = [a[h] | b[h]], a at key_a + r * key_a_stride +
// h * key_a_head_stride with key_a_dim elements, b the remaining key_dim - key_a_dim (head stride 0: shared by all
// heads).
struct KvAppendArgs {
  KvShape shape;
  const void* key_a = nullptr;
  int64_t key_a_stride = 0, key_a_head_stride = 0, key_a_dim = 0;
  const void* key_b = nullptr;
  int64_t key_b_stride = 0, key_b_head_stride = 0;
  const void* value = nullptr;
  int64_t value_stride = 0, value_head_stride = 0;
  const AttentionSpan* spans = nullptr;
  int64_t num_spans = 0;
  void* keys = nullptr;
  void* values = nullptr;
};

// The backward of append: reads the gradients of the rows' slots from dkeys/dvalues (layout of the cache) into rows
// laid out as in KvAppendArgs; a part with head stride 0 is the sum over heads in order. A prompt's span is followed by
// the spans that share it; the gradients of the prompt's tail that was copied into their first own block are first
// added to the prompt's block, in order.
struct KvGatherArgs {
  KvShape shape;
  void* key_a = nullptr;
  int64_t key_a_stride = 0, key_a_head_stride = 0, key_a_dim = 0;
  void* key_b = nullptr;
  int64_t key_b_stride = 0, key_b_head_stride = 0;
  void* value = nullptr;
  int64_t value_stride = 0, value_head_stride = 0;
  const AttentionSpan* spans = nullptr;
  const int32_t* parents = nullptr;  // [num_spans] index of the span that holds the positions before, or -1
  int64_t num_spans = 0;
  void* dkeys = nullptr;
  void* dvalues = nullptr;
};

// Copies the first num_tokens slots of block `from` to block `to`.
struct KvCopyArgs {
  KvShape shape;
  void* keys = nullptr;
  void* values = nullptr;
  int32_t from = 0, to = 0, num_tokens = 0;
};

// out[r, h] = softmax_j(scale * q[r, h] . key[j, h']) . value[j, h'], j <= position of r, h' = h / (heads / kv_heads).
// Requires scale > 0.
struct AttentionArgs {
  KvShape shape;
  const void* q = nullptr;  // row r, head h at q + r * q_stride + h * key_dim
  int64_t q_stride = 0;
  void* out = nullptr;      // row r, head h at out + r * out_stride + h * value_dim
  int64_t out_stride = 0;
  int64_t heads = 0;
  double scale = 1;
  const AttentionSpan* spans = nullptr;
  int64_t num_spans = 0;
  const void* keys = nullptr;
  const void* values = nullptr;
  // [rows][heads] log2 of the sum over keys of exp(scale * score), written where it is given. The backward of bf16 and
  // of CUDA backends needs it; the others ignore it.
  void* log_sums = nullptr;
};

// dq is overwritten, and so are dkeys and dvalues (layout of the cache) in all blocks of the spans. Spans that share
// blocks must be neighbours in one family: families[f] .. families[f + 1] are span indices; a family's spans are worked
// on in order.
struct AttentionBackwardArgs {
  AttentionArgs forward;        // out and log_sums must hold the forward's results
  const void* dout = nullptr;   // layout of out
  void* dq = nullptr;           // layout of q
  void* dkeys = nullptr;
  void* dvalues = nullptr;
  const int32_t* families = nullptr;
  int64_t num_families = 0;
};

}  // namespace hone::kernels
