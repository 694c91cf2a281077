#include "kernels/cuda/adamw.h"

#include <vector>

#include "kernels/cuda/dialect.h"
#include "kernels/cuda/dialect_reduce.h"

namespace hone::kernels::cuda {
namespace {

inline constexpr int kThreads = 256;
inline constexpr int64_t kChunk = 16384;

// A block has a chunk.
HONE_KERNEL(square_chunk)(const float* x, int64_t count, float* sums) {
  const int64_t first = blockIdx.x * kChunk, end = first + kChunk < count ? first + kChunk : count;
  float sum = 0;
  for (int64_t i = first + threadIdx.x; i < end; i += kThreads) sum = __fmaf_rn(x[i], x[i], sum);
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

struct Factors {
  float beta1, rest1, beta2, rest2, rate, decay, correction2, epsilon, scale;
};

// A thread has one element.
HONE_KERNEL(step)(float* weight, float* gradient, float* m, float* v, int64_t count, Factors f) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= count) return;
  const float grad = gradient[i] * f.scale;
  const float m1 = f.beta1 * m[i] + f.rest1 * grad;
  const float v1 = f.beta2 * v[i] + f.rest2 * grad * grad;
  m[i] = m1;
  v[i] = v1;
  weight[i] = weight[i] * f.decay - f.rate * m1 / (square_root(v1 * f.correction2) + f.epsilon);
  gradient[i] = 0;
}

}  // namespace

double sum_of_squares(const SumOfSquaresArgs& a, const Stream& stream) {
  const int64_t chunks = div_up(a.count, kChunk);
  float* sums = scratch<float>(stream, chunks);
  HONE_LAUNCH(stream, chunks, kThreads, square_chunk, static_cast<const float*>(a.x), a.count, sums);
  std::vector<float> host(chunks);
  download(stream, host.data(), sums, chunks);
  double total = 0;
  for (const float sum : host) total += sum;
  return total;
}

void adamw(const AdamWArgs& a, const Stream& stream) {
  const auto f32 = [](double x) { return static_cast<float>(x); };
  const Factors factors{f32(a.beta1),       f32(1 - a.beta1),
                        f32(a.beta2),       f32(1 - a.beta2),
                        f32(a.learning_rate * a.correction1), f32(1 - a.learning_rate * a.weight_decay),
                        f32(a.correction2), f32(a.epsilon),
                        f32(a.gradient_scale)};
  HONE_LAUNCH(stream, div_up(a.count, kThreads), kThreads, step, static_cast<float*>(a.weight),
              static_cast<float*>(a.gradient), static_cast<float*>(a.m), static_cast<float*>(a.v), a.count, factors);
}

}  // namespace hone::kernels::cuda
