// What kernels over rows share.
#pragma once

#include "kernels/cuda/dialect.h"

namespace hone::kernels::cuda {

// Threads of a block that has one row: about eight columns each. Depends on the number of columns only, so a row's sums
// do too.
inline int row_threads(int64_t cols) {
  int threads = kWarp;
  while (threads < 512 && threads * 8 < cols) threads *= 2;
  return threads;
}

// body(i) for the columns i of this thread.
template <class Body>
HONE_DEVICE void for_columns(int64_t cols, const Body& body) {
  for (int64_t i = threadIdx.x; i < cols; i += blockDim.x) body(i);
}

HONE_KERNEL(add_chunks_to)(const float* chunks, int64_t count, int64_t cols, float* sum) {
  const int64_t c = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= cols) return;
  float total = sum[c];
  for (int64_t i = 0; i < count; ++i) total += chunks[i * cols + c];
  sum[c] = total;
}

// sum [cols] += chunks [count, cols], one after another.
inline void add_chunks(const Stream& stream, const float* chunks, int64_t count, int64_t cols, float* sum) {
  constexpr int64_t kThreads = 64;
  HONE_LAUNCH(stream, div_up(cols, kThreads), kThreads, add_chunks_to, chunks, count, cols, sum);
}

}  // namespace hone::kernels::cuda
