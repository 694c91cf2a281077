// Operators that work element by element or row by row without a reduction.
#pragma once

#include <cstdint>

namespace hone::kernels {

// out [rows, cols] = table[token[row]], or column token[row] of the packed output head where the two are tied. token in
// [0, vocabulary), checked by the caller.
struct EmbedArgs {
  const void* table = nullptr;  // compact, [vocabulary, cols]; nullptr: `panels` instead
  const int32_t* tokens = nullptr;
  void* out = nullptr;
  int64_t rows = 0, cols = 0;
  const void* panels = nullptr;  // compact: the head [vocabulary, cols] packed for y = x * w^T
};

// dtable[token[row]] += dout[row], in order of rows.
struct EmbedBackwardArgs {
  const void* dout = nullptr;
  const int32_t* tokens = nullptr;
  void* dtable = nullptr;
  int64_t rows = 0, cols = 0;
};

// to = from, or to += from: rows x cols elements with strides.
struct CopyArgs {
  const void* from = nullptr;
  int64_t from_stride = 0;
  void* to = nullptr;
  int64_t to_stride = 0;
  int64_t rows = 0, cols = 0;
  bool accumulate = false;
};

// to [count] = from, in the compact type: to the nearest, ties to even.
struct ToCompactArgs {
  const void* from = nullptr;
  void* to = nullptr;  // compact
  int64_t count = 0;
};

// x = min(max(x, -limit), limit) in place: rows x cols elements with a stride.
struct ClampArgs {
  void* x = nullptr;
  int64_t stride = 0;
  int64_t rows = 0, cols = 0;
  double limit = 0;
};

// dx = 0 where the clamped x is at +-limit.
struct ClampBackwardArgs {
  const void* x = nullptr;  // clamped
  int64_t x_stride = 0;
  void* dx = nullptr;
  int64_t dx_stride = 0;
  int64_t rows = 0, cols = 0;
  double limit = 0;
};

// sum [cols] += the sum over rows of x, by chunks of rows in order: the gradient of a bias.
struct SumRowsArgs {
  const void* x = nullptr;
  int64_t x_stride = 0;
  void* sum = nullptr;
  int64_t rows = 0, cols = 0;
};

struct ZeroArgs {
  void* data = nullptr;
  int64_t count = 0;
};

// out [rows, cols] = silu(gate) * up, gate_up [rows, 2 * cols] = [gate | up], silu(x) = x / (1 + exp(-x)).
// Shazeer, "GLU variants improve transformer", 2020, eq. 6.
struct SwigluArgs {
  const void* gate_up = nullptr;
  void* out = nullptr;
  int64_t rows = 0, cols = 0;
};

struct SwigluBackwardArgs {
  const void* gate_up = nullptr;
  const void* dout = nullptr;  // [rows, cols]
  void* dgate_up = nullptr;    // [rows, 2 * cols]; may be gate_up
  int64_t rows = 0, cols = 0;
};

}  // namespace hone::kernels
