#include "kernels/cuda/rope.h"

#include "kernels/cuda/dialect.h"
#include "kernels/cuda/rows.h"

namespace hone::kernels::cuda {
namespace {

// A block has a row; a thread takes pairs of its heads.
HONE_KERNEL(turn_row)(RopeArgs a) {
  const int64_t row = blockIdx.x, half = a.dim / 2;
  const float* cosine = static_cast<const float*>(a.table) + 2 * a.positions[row] * a.dim;
  const float* sine = cosine + a.dim;
  const float sign = a.inverse ? -1.0f : 1.0f;
  for_columns(a.heads * half, [&](int64_t i) {
    const int64_t pair = i % half;
    const bool interleaved = a.layout == RopeLayout::kInterleaved;
    const int64_t p = interleaved ? 2 * pair : pair, q = interleaved ? p + 1 : p + half;
    float* x = static_cast<float*>(a.x) + row * a.stride + i / half * a.head_stride;
    const float first = x[p], second = x[q];
    x[p] = first * cosine[p] + second * (sine[p] * sign);
    x[q] = second * cosine[q] + first * (sine[q] * sign);
  });
}

}  // namespace

void rope(const RopeArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows, row_threads(a.heads * a.dim / 2), turn_row, a);
}

}  // namespace hone::kernels::cuda
