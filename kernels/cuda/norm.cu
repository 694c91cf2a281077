#include "kernels/cuda/norm.h"

#include "kernels/cuda/dialect.h"
#include "kernels/cuda/dialect_reduce.h"
#include "kernels/cuda/rows.h"

namespace hone::kernels::cuda {
namespace {

HONE_DEVICE float inverse_rms(const float* x, int64_t cols, double epsilon) {
  float sum = 0;
  for_columns(cols, [&](int64_t i) { sum = __fmaf_rn(x[i], x[i], sum); });
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
  for_columns(a.cols, [&](int64_t i) {
    const float out = x[i] * scale * weight[i];
    y[i] = limit > 0 ? smallest(limit, largest(-limit, out)) : out;
  });
}

// With r = 1 / rms and xhat = x r: dx = r (dy w - xhat mean(dy w xhat)); dw = sum dy xhat.
HONE_DEVICE void normalize_backward_row(const RmsNormBackwardArgs& a, const float* x, const float* dy, float* dx,
                                        float* dw) {
  const float* weight = static_cast<const float*>(a.weight);
  const float limit = static_cast<float>(a.limit);
  const float r = inverse_rms(x, a.cols, a.epsilon);
  const auto uncut = [&](float y, float d) { return limit > 0 && (y < -limit || y > limit) ? 0.0f : d; };
  float dot = 0;
  for_columns(a.cols, [&](int64_t i) {
    const float hat = x[i] * r;
    dot = __fmaf_rn(uncut(hat * weight[i], dy[i]) * weight[i], hat, dot);
  });
  const float mean = block_sum(dot) / static_cast<float>(a.cols);
  for_columns(a.cols, [&](int64_t i) {
    const float hat = x[i] * r, d = uncut(hat * weight[i], dy[i]);
    dw[i] = __fmaf_rn(d, hat, dw[i]);
    const float out = r * (d * weight[i] - hat * mean);
    dx[i] = a.accumulate ? out + dx[i] : out;
  });
}

// A block has `chunk` heads, counted through all rows, and its line of chunks [blocks, cols].
HONE_KERNEL(normalize_backward)(RmsNormBackwardArgs a, int64_t chunk, float* chunks) {
  float* dw = chunks + blockIdx.x * a.cols;
  for_columns(a.cols, [&](int64_t i) { dw[i] = 0; });
  const int64_t first = blockIdx.x * chunk, all = a.rows * a.heads, end = first + chunk < all ? first + chunk : all;
  for (int64_t n = first; n < end; ++n) {
    const int64_t row = n / a.heads, at = n % a.heads * a.cols;
    normalize_backward_row(a, static_cast<const float*>(a.x) + row * a.x_stride + at,
                           static_cast<const float*>(a.dy) + row * a.dy_stride + at,
                           static_cast<float*>(a.dx) + row * a.dx_stride + at, dw);
  }
}

}  // namespace

void rms_norm(const RmsNormArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows * a.heads, row_threads(a.cols), normalize, a);
}

void rms_norm_backward(const RmsNormBackwardArgs& a, const Stream& stream) {
  constexpr int64_t kChunkElements = 16384;  // enough blocks for a GPU, few enough lines to add
  const int64_t chunk = div_up(kChunkElements, a.cols), count = div_up(a.rows * a.heads, chunk);
  float* chunks = scratch<float>(stream, count * a.cols);
  HONE_LAUNCH(stream, count, row_threads(a.cols), normalize_backward, a, chunk, chunks);
  add_chunks(stream, chunks, count, a.cols, static_cast<float*>(a.dweight));
}

}  // namespace hone::kernels::cuda
