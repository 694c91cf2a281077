// CPU twin of norm.h.
#pragma once

#include <limits>

#include "kernels/backend.h"
#include "kernels/cpu_support.h"
#include "kernels/norm.h"

namespace hone::kernels {

// 1 / sqrt(mean(x^2) + epsilon) of one row.
template <class V>
inline typename V::T inverse_rms(const typename V::T* x, int64_t cols, double epsilon) {
  using T = typename V::T;
  V sum = V::set(0);
  for_lanes<V>(cols, [&](int64_t i, int n) {
    const V a = load_lanes<V>(x + i, n);
    sum = V::fma(a, a, sum);
  });
  const V mean = V::set(sum.sum() / static_cast<T>(cols) + static_cast<T>(epsilon));
  T out[V::kWidth];
  (V::set(1) / V::sqrt(mean)).store(out);
  return out[0];
}

// limit 0: none.
template <class V>
inline V limit_or_infinity(double limit) {
  return V::set(limit > 0 ? static_cast<typename V::T>(limit) : std::numeric_limits<typename V::T>::infinity());
}

// x cut at +-most. x stands second, where minimum and maximum let a NaN through.
template <class V>
inline V cut(V x, V most) {
  return V::min(most, V::max(V::set(0) - most, x));
}

// d, but 0 where |x| > most.
template <class V>
inline V zero_beyond(V x, V most, V d) {
  const V zero = V::set(0);
  return V::select_less(x, zero - most, V::select_less(most, x, d, zero), zero);
}

template <class V>
void rms_norm(const RmsNormArgs& a, const Stream& stream) {
  using T = typename V::T;
  const T* weight = static_cast<const T*>(a.weight);
  const V limit = limit_or_infinity<V>(a.limit);
  for_row_chunks<V>(*stream.team, a.rows, a.heads * a.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t h = 0; h < a.heads; ++h) {
        const T* x = static_cast<const T*>(a.x) + r * a.x_stride + h * a.cols;
        T* y = static_cast<T*>(a.y) + r * a.y_stride + h * a.cols;
        const V scale = V::set(inverse_rms<V>(x, a.cols, a.epsilon));
        for_lanes<V>(a.cols, [&](int64_t i, int n) {
          store_lanes<V>(cut(load_lanes<V>(x + i, n) * scale * load_lanes<V>(weight + i, n), limit), y + i, n);
        });
      }
    }
  });
}

// With r = 1 / rms and xhat = x r: dx = r (dy w - xhat mean(dy w xhat)); dw = sum dy xhat.
template <class V>
inline void rms_norm_backward_row(const RmsNormBackwardArgs& a, const typename V::T* x, const typename V::T* dy,
                                  typename V::T* dx, typename V::T* dw) {
  using T = typename V::T;
  const T* weight = static_cast<const T*>(a.weight);
  const V r = V::set(inverse_rms<V>(x, a.cols, a.epsilon));
  const V limit = limit_or_infinity<V>(a.limit);
  V dot = V::set(0);
  for_lanes<V>(a.cols, [&](int64_t i, int n) {
    const V w = load_lanes<V>(weight + i, n), hat = load_lanes<V>(x + i, n) * r;
    dot = V::fma(zero_beyond(hat * w, limit, load_lanes<V>(dy + i, n)) * w, hat, dot);
  });
  const V mean = V::set(dot.sum() / static_cast<T>(a.cols));
  for_lanes<V>(a.cols, [&](int64_t i, int n) {
    const V hat = load_lanes<V>(x + i, n) * r, w = load_lanes<V>(weight + i, n);
    const V d = zero_beyond(hat * w, limit, load_lanes<V>(dy + i, n));
    store_lanes<V>(V::fma(d, hat, load_lanes<V>(dw + i, n)), dw + i, n);
    V out = r * (d * w - hat * mean);
    if (a.accumulate) out = out + load_lanes<V>(dx + i, n);
    store_lanes<V>(out, dx + i, n);
  });
}

template <class V>
void rms_norm_backward(const RmsNormBackwardArgs& a, const Stream& stream) {
  using T = typename V::T;
  constexpr int64_t kChunk = 128;
  const int64_t chunks = div_up<V>(a.rows, kChunk);
  T* partial = scratch<V, 2>(chunks * a.cols);
  stream.team->parallel_for(chunks, [&](int64_t chunk, int) {
    T* dw = partial + chunk * a.cols;
    for (int64_t i = 0; i < a.cols; ++i) dw[i] = 0;
    const int64_t end = (chunk + 1) * kChunk < a.rows ? (chunk + 1) * kChunk : a.rows;
    for (int64_t r = chunk * kChunk; r < end; ++r)
      for (int64_t h = 0; h < a.heads; ++h)
        rms_norm_backward_row<V>(a, static_cast<const T*>(a.x) + r * a.x_stride + h * a.cols,
                                 static_cast<const T*>(a.dy) + r * a.dy_stride + h * a.cols,
                                 static_cast<T*>(a.dx) + r * a.dx_stride + h * a.cols, dw);
  });
  T* dweight = static_cast<T*>(a.dweight);
  for (int64_t chunk = 0; chunk < chunks; ++chunk)
    for (int64_t i = 0; i < a.cols; ++i) dweight[i] += partial[chunk * a.cols + i];
}

}  // namespace hone::kernels
