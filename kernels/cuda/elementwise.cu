#include "kernels/cuda/elementwise.h"

#include "kernels/cuda/dialect.h"
#include "kernels/cuda/rows.h"

namespace hone::kernels::cuda {
namespace {

// Kernels without another remark: a block has a row.

HONE_KERNEL(copy_row)(CopyArgs a) {
  const float* from = static_cast<const float*>(a.from) + blockIdx.x * a.from_stride;
  float* to = static_cast<float*>(a.to) + blockIdx.x * a.to_stride;
  for_columns(a.cols, [&](int64_t i) { to[i] = a.accumulate ? to[i] + from[i] : from[i]; });
}

HONE_KERNEL(clamp_row)(ClampArgs a) {
  const float most = static_cast<float>(a.limit);
  float* x = static_cast<float*>(a.x) + blockIdx.x * a.stride;
  for_columns(a.cols, [&](int64_t i) { x[i] = smallest(most, largest(-most, x[i])); });
}

HONE_KERNEL(clamp_backward_row)(ClampBackwardArgs a) {
  const float most = static_cast<float>(a.limit);
  const float* x = static_cast<const float*>(a.x) + blockIdx.x * a.x_stride;
  float* dx = static_cast<float*>(a.dx) + blockIdx.x * a.dx_stride;
  for_columns(a.cols, [&](int64_t i) {
    if (!(x[i] < most && x[i] > -most)) dx[i] = 0;
  });
}

inline constexpr int kSumThreads = 64, kSumRows = 128;

// A block has some columns of kSumRows rows, and writes to its line of chunks.
HONE_KERNEL(sum_chunk)(SumRowsArgs a, float* chunks) {
  const int64_t c = static_cast<int64_t>(blockIdx.x) * kSumThreads + threadIdx.x;
  if (c >= a.cols) return;
  const int64_t first = static_cast<int64_t>(blockIdx.y) * kSumRows;
  const int64_t end = first + kSumRows < a.rows ? first + kSumRows : a.rows;
  float sum = 0;
  for (int64_t r = first; r < end; ++r) sum += static_cast<const float*>(a.x)[r * a.x_stride + c];
  chunks[blockIdx.y * a.cols + c] = sum;
}

inline constexpr int kFlatThreads = 256;

// A thread has one element.
template <class Compact>
HONE_KERNEL(compact_some)(const float* from, Compact* to, int64_t count) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kFlatThreads + threadIdx.x;
  if (i < count) to[i] = to_element<Compact>(from[i]);
}

HONE_KERNEL(zero_some)(float* data, int64_t count) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kFlatThreads + threadIdx.x;
  if (i < count) data[i] = 0;
}

HONE_KERNEL(swiglu_row)(SwigluArgs s) {
  const float* gate = static_cast<const float*>(s.gate_up) + blockIdx.x * 2 * s.cols;
  float* out = static_cast<float*>(s.out) + blockIdx.x * s.cols;
  for_columns(s.cols, [&](int64_t i) { out[i] = gate[i] * sigmoid(gate[i]) * gate[s.cols + i]; });
}

HONE_KERNEL(swiglu_backward_row)(SwigluBackwardArgs s) {
  const float* gate = static_cast<const float*>(s.gate_up) + blockIdx.x * 2 * s.cols;
  const float* dout = static_cast<const float*>(s.dout) + blockIdx.x * s.cols;
  float* dgate = static_cast<float*>(s.dgate_up) + blockIdx.x * 2 * s.cols;
  for_columns(s.cols, [&](int64_t i) {
    const float g = gate[i], u = gate[s.cols + i], d = dout[i];
    const float sig = sigmoid(g), silu = g * sig;
    dgate[i] = d * u * (sig + silu * (1.0f - sig));
    dgate[s.cols + i] = d * silu;
  });
}

}  // namespace

void copy(const CopyArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows, row_threads(a.cols), copy_row, a);
}

void clamp(const ClampArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows, row_threads(a.cols), clamp_row, a);
}

void clamp_backward(const ClampBackwardArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows, row_threads(a.cols), clamp_backward_row, a);
}

void sum_rows(const SumRowsArgs& a, const Stream& stream) {
  const int64_t count = div_up(a.rows, kSumRows);
  float* chunks = scratch<float>(stream, count * a.cols);
  HONE_LAUNCH(stream, Dim3(div_up(a.cols, kSumThreads), count), kSumThreads, sum_chunk, a, chunks);
  add_chunks(stream, chunks, count, a.cols, static_cast<float*>(a.sum));
}

template <class Compact>
void to_compact(const ToCompactArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, div_up(a.count, kFlatThreads), kFlatThreads, compact_some<Compact>,
              static_cast<const float*>(a.from), static_cast<Compact*>(a.to), a.count);
}
template void to_compact<float>(const ToCompactArgs&, const Stream&);
template void to_compact<uint16_t>(const ToCompactArgs&, const Stream&);

void zero(const ZeroArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, div_up(a.count, kFlatThreads), kFlatThreads, zero_some, static_cast<float*>(a.data), a.count);
}

void swiglu(const SwigluArgs& s, const Stream& stream) {
  HONE_LAUNCH(stream, s.rows, row_threads(s.cols), swiglu_row, s);
}

void swiglu_backward(const SwigluBackwardArgs& s, const Stream& stream) {
  HONE_LAUNCH(stream, s.rows, row_threads(s.cols), swiglu_backward_row, s);
}

}  // namespace hone::kernels::cuda
