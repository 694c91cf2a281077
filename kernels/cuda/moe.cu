#include "kernels/cuda/moe.h"

#include "kernels/cuda/dialect.h"
#include "kernels/cuda/dialect_reduce.h"

namespace hone::kernels::cuda {
namespace {

inline constexpr int kThreads = 128;

HONE_KERNEL(gather_row)(MoeGatherArgs a) {
  const int64_t row = blockIdx.x;
  const auto* from = static_cast<const float*>(a.x) + a.source[row] * a.cols;
  auto* to = static_cast<float*>(a.out) + row * a.cols;
  for (int64_t c = threadIdx.x; c < a.cols; c += kThreads) to[c] = from[c];
}

HONE_KERNEL(combine_row)(MoeCombineArgs a) {
  const int64_t row = blockIdx.x;
  const int32_t* place = a.place + row * a.top_k;
  const auto* weights = static_cast<const float*>(a.weights) + row * a.top_k;
  const auto *expert_out = static_cast<const float*>(a.expert_out), *base = static_cast<const float*>(a.base);
  for (int64_t c = threadIdx.x; c < a.cols; c += kThreads) {
    float sum = base ? base[row * a.cols + c] : 0.0f;
    for (int64_t s = 0; s < a.top_k; ++s) sum = __fmaf_rn(weights[s], expert_out[place[s] * a.cols + c], sum);
    static_cast<float*>(a.y)[row * a.cols + c] = sum;
  }
}

// A block for each row and slot.
HONE_KERNEL(combine_backward_slot)(MoeCombineBackwardArgs a) {
  const int64_t slot = blockIdx.x, at = a.place[slot] * a.cols;
  const auto* dy = static_cast<const float*>(a.dy) + slot / a.top_k * a.cols;
  const auto* expert_out = static_cast<const float*>(a.expert_out) + at;
  auto* dexpert_out = static_cast<float*>(a.dexpert_out) + at;
  const float weight = static_cast<const float*>(a.weights)[slot];
  float dot = 0;
  for (int64_t c = threadIdx.x; c < a.cols; c += kThreads) {
    const float d = dy[c];
    dot = __fmaf_rn(d, expert_out[c], dot);
    dexpert_out[c] = d * weight;
  }
  dot = block_sum(dot);
  if (threadIdx.x == 0) static_cast<float*>(a.dweights)[slot] = dot;
}

HONE_KERNEL(scatter_row)(MoeScatterArgs a) {
  const int64_t row = blockIdx.x;
  const int32_t* place = a.place + row * a.top_k;
  auto* dx = static_cast<float*>(a.dx) + row * a.cols;
  for (int64_t c = threadIdx.x; c < a.cols; c += kThreads) {
    float sum = dx[c];
    for (int64_t s = 0; s < a.top_k; ++s) sum += static_cast<const float*>(a.dgathered)[place[s] * a.cols + c];
    dx[c] = sum;
  }
}

}  // namespace

void moe_gather(const MoeGatherArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.count, kThreads, gather_row, a);
}

void moe_combine(const MoeCombineArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows, kThreads, combine_row, a);
}

void moe_combine_backward(const MoeCombineBackwardArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows * a.top_k, kThreads, combine_backward_slot, a);
}

void moe_scatter(const MoeScatterArgs& a, const Stream& stream) {
  HONE_LAUNCH(stream, a.rows, kThreads, scatter_row, a);
}

}  // namespace hone::kernels::cuda
