#include "kernels/cuda/norm.h"

#include "kernels/cuda/dialect.h"
#include "kernels/cuda/dialect_reduce.h"

namespace hone::kernels::cuda {
namespace {

// Threads that share a row: about eight columns each.
int row_threads(int64_t cols) {
  int threads = kWarp;
  while (threads < 512 && threads * 8 < cols) threads *= 2;
  return threads;
}

// x cut at +-limit, NaN let through; limit 0: not cut.
HONE_DEVICE float cut(float x, float limit) {
  return limit > 0 ? smallest(limit, largest(-limit, x)) : x;
}

HONE_DEVICE float inverse_rms(const float* x, int64_t cols, double epsilon) {
  float sum = 0;
  for (int64_t i = threadIdx.x; i < cols; i += blockDim.x) sum = __fmaf_rn(x[i], x[i], sum);
  const float mean = block_sum(sum) / static_cast<float>(cols) + static_cast<float>(epsilon);
  return 1.0f / square_root(mean);
}

// A block has one head of one row.
HONE_KERNEL(normalize)(RmsNormArgs a) {
  const int64_t row = blockIdx.x / a.heads, head = blockIdx.x % a.heads;
  const float* x = static_cast<const float*>(a.x) + row * a.x_stride + head * a.cols;
  const float* weight = static_cast<const float*>(a.weight);
  float* y = static_cast<float*>(a.y) + row * a.y_stride + head * a.cols;
  const float scale = inverse_rms(x, a.cols, a.epsilon), limit = static_cast<float>(a.limit);
  for (int64_t i = threadIdx.x; i < a.cols; i += blockDim.x) y[i] = cut(x[i] * scale * weight[i], limit);
}

}  // namespace

void rms_norm(const RmsNormArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows * a.heads, row_threads(a.cols), normalize, a);
}

}  // namespace hone::kernels::cuda
