// CPU twin of adamw.h.
#pragma once

#include "kernels/adamw.h"
#include "kernels/backend.h"
#include "kernels/cpu_support.h"

namespace hone::kernels {

inline constexpr int64_t kOptimizerChunk = 16384;

template <class V>
double sum_of_squares(const SumOfSquaresArgs& a, const Stream& stream) {
  using T = typename V::T;
  const int64_t chunks = div_up<V>(a.count, kOptimizerChunk);
  T* partial = scratch<V, 2>(chunks);
  stream.team->parallel_for(chunks, [&](int64_t chunk, int) {
    const T* x = static_cast<const T*>(a.x) + chunk * kOptimizerChunk;
    const int64_t left = a.count - chunk * kOptimizerChunk;
    V sum = V::set(0);
    for_lanes<V>(left < kOptimizerChunk ? left : kOptimizerChunk, [&](int64_t i, int n) {
      const V v = load_lanes<V>(x + i, n);
      sum = V::fma(v, v, sum);
    });
    partial[chunk] = sum.sum();
  });
  double total = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) total += partial[chunk];
  return total;
}

template <class V>
void adamw(const AdamWArgs& a, const Stream& stream) {
  using T = typename V::T;
  const auto set = [](double x) { return V::set(static_cast<T>(x)); };
  const V beta1 = set(a.beta1), rest1 = set(1 - a.beta1), beta2 = set(a.beta2), rest2 = set(1 - a.beta2);
  const V rate = set(a.learning_rate * a.correction1), decay = set(1 - a.learning_rate * a.weight_decay);
  const V correction2 = set(a.correction2), epsilon = set(a.epsilon), scale = set(a.gradient_scale);
  stream.team->parallel_for(div_up<V>(a.count, kOptimizerChunk), [&](int64_t chunk, int) {
    const int64_t first = chunk * kOptimizerChunk;
    T *w = static_cast<T*>(a.weight) + first, *g = static_cast<T*>(a.gradient) + first;
    T *m = static_cast<T*>(a.m) + first, *v = static_cast<T*>(a.v) + first;
    for_lanes<V>(a.count - first < kOptimizerChunk ? a.count - first : kOptimizerChunk, [&](int64_t i, int n) {
      const V grad = load_lanes<V>(g + i, n) * scale;
      const V m1 = beta1 * load_lanes<V>(m + i, n) + rest1 * grad;
      const V v1 = beta2 * load_lanes<V>(v + i, n) + rest2 * grad * grad;
      store_lanes<V>(m1, m + i, n);
      store_lanes<V>(v1, v + i, n);
      const V step = rate * m1 / (V::sqrt(v1 * correction2) + epsilon);
      store_lanes<V>(load_lanes<V>(w + i, n) * decay - step, w + i, n);
      store_lanes<V>(V::set(0), g + i, n);
    });
  });
}

}  // namespace hone::kernels
