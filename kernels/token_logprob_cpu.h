// CPU twin of token_logprob.h and draw.h. Both take logits through logits_rows and reduce a row with row_statistics.
#pragma once

#include <limits>

#include "base/philox.h"
#include "kernels/draw.h"
#include "kernels/gemm_cpu.h"
#include "kernels/token_logprob.h"

namespace hone::kernels {

inline constexpr int64_t kLogitRows = 32;  // rows of logits that exist at a time per thread

// logits [n][stride] of hidden rows row[0..n), on the calling thread; stride is the vocabulary up to a full vector.
template <class V>
typename V::T* logits_rows(const typename V::T* hidden, int64_t cols, const typename V::T* panels, int64_t vocabulary,
                           const int32_t* row, int64_t n) {
  using T = typename V::T;
  const int64_t stride = div_up<V>(vocabulary, V::kWidth) * V::kWidth;
  T *x = scratch<V, 9>(kLogitRows * cols), *logits = scratch<V, 10>(kLogitRows * stride);
  for (int64_t i = 0; i < n; ++i)
    for_lanes<V>(cols, [&](int64_t c, int lanes) {
      store_lanes<V>(load_lanes<V>(hidden + row[i] * cols + c, lanes), x + i * cols + c, lanes);
    });
  GemmArgs g;
  g.x_stride = cols;
  g.y_stride = stride;
  g.n = vocabulary;
  g.k = cols;
  gemm_block<V>(g, x, panels, nullptr, logits, n, 0, div_up<V>(vocabulary, 2 * V::kWidth));
  return logits;
}

template <class V>
struct RowStatistics {
  typename V::T maximum;   // of z
  typename V::T log_sum;   // log sum exp(z - maximum)
  typename V::T mean;      // sum p (z - maximum)
};

// z = logits * inverse_temperature.
template <class V>
RowStatistics<V> row_statistics(const typename V::T* logits, int64_t vocabulary, typename V::T inverse_temperature) {
  using T = typename V::T;
  const V scale = V::set(inverse_temperature);
  V largest = V::set(-std::numeric_limits<T>::infinity());
  for_lanes<V>(vocabulary, [&](int64_t i, int n) {
    largest =
        V::max(largest, V::fill_from(load_lanes<V>(logits + i, n) * scale, n, -std::numeric_limits<T>::infinity()));
  });
  const T top = largest.largest();
  V sum = V::set(0), weighted = V::set(0);
  for_lanes<V>(vocabulary, [&](int64_t i, int n) {
    const V z = load_lanes<V>(logits + i, n) * scale - V::set(top);
    const V e = V::fill_from(vexp(z), n, 0);
    sum = sum + e;
    weighted = V::fma(e, z, weighted);
  });
  const T total = sum.sum();
  T log_total[V::kWidth];
  vlog(V::set(total)).store(log_total);
  return {top, log_total[0], weighted.sum() / total};
}

template <class V>
inline typename V::T target_logprob(const RowStatistics<V>& s, typename V::T logit, typename V::T inverse_temperature) {
  return logit * inverse_temperature - s.maximum - s.log_sum;
}

template <class V>
void token_logprob(const TokenLogprobArgs& a, const Stream& stream) {
  using T = typename V::T;
  const int64_t stride = div_up<V>(a.vocabulary, V::kWidth) * V::kWidth;
  const T inverse = static_cast<T>(a.inverse_temperature);
  stream.team->parallel_for(div_up<V>(a.count, kLogitRows), [&](int64_t task, int) {
    const int64_t begin = task * kLogitRows, n = a.count - begin < kLogitRows ? a.count - begin : kLogitRows;
    const T* logits = logits_rows<V>(static_cast<const T*>(a.hidden), a.cols, static_cast<const T*>(a.panels),
                                     a.vocabulary, a.row + begin, n);
    for (int64_t i = 0; i < n; ++i) {
      const auto s = row_statistics<V>(logits + i * stride, a.vocabulary, inverse);
      static_cast<T*>(a.logprob)[begin + i] = target_logprob(s, logits[i * stride + a.target[begin + i]], inverse);
      static_cast<T*>(a.entropy)[begin + i] = s.log_sum - s.mean;
    }
  });
}

// dlogits of one row: dlogprob (onehot - p) + dentropy (-p (log p + entropy)), times the inverse temperature.
template <class V>
void dlogits_row(const TokenLogprobBackwardArgs& a, int64_t i, const typename V::T* logits, typename V::T* dlogits) {
  using T = typename V::T;
  const T inverse = static_cast<T>(a.forward.inverse_temperature);
  const auto s = row_statistics<V>(logits, a.forward.vocabulary, inverse);
  const T dlogprob = static_cast<const T*>(a.dlogprob)[i];
  const T dentropy = a.dentropy ? static_cast<const T*>(a.dentropy)[i] : T(0);
  const V entropy = V::set(s.log_sum - s.mean);
  for_lanes<V>(a.forward.vocabulary, [&](int64_t c, int n) {
    const V log_p = load_lanes<V>(logits + c, n) * V::set(inverse) - V::set(s.maximum) - V::set(s.log_sum);
    const V p = vexp(log_p);
    const V d = V::set(0) - p * (V::set(dlogprob) + V::set(dentropy) * (log_p + entropy));
    store_lanes<V>(d * V::set(inverse), dlogits + c, n);
  });
  dlogits[a.forward.target[i]] += dlogprob * inverse;
}

// Chunks of rows one after another; inside a chunk the three products are parallel.
template <class V>
void token_logprob_backward(const TokenLogprobBackwardArgs& a, const Stream& stream) {
  using T = typename V::T;
  const TokenLogprobArgs& f = a.forward;
  const int64_t stride = div_up<V>(f.vocabulary, V::kWidth) * V::kWidth;
  int64_t chunk = (int64_t{1} << 22) / (stride + f.cols) / kLogitRows * kLogitRows;
  chunk = chunk < kLogitRows ? kLogitRows : chunk > 8192 ? 8192 : chunk;
  for (int64_t begin = 0; begin < f.count; begin += chunk) {
    const int64_t n = f.count - begin < chunk ? f.count - begin : chunk;
    T *dlogits = scratch<V, 11>(n * stride), *x = scratch<V, 12>(n * f.cols), *dx = scratch<V, 13>(n * f.cols);
    stream.team->parallel_for(div_up<V>(n, kLogitRows), [&](int64_t task, int) {
      const int64_t i0 = task * kLogitRows, m = n - i0 < kLogitRows ? n - i0 : kLogitRows;
      const T* logits = logits_rows<V>(static_cast<const T*>(f.hidden), f.cols, static_cast<const T*>(f.panels),
                                       f.vocabulary, f.row + begin + i0, m);
      const T* rows = scratch<V, 9>(0);  // logits_rows left the hidden rows there
      for (int64_t i = 0; i < m * f.cols; ++i) x[i0 * f.cols + i] = rows[i];
      for (int64_t i = 0; i < m; ++i)
        dlogits_row<V>(a, begin + i0 + i, logits + i * stride, dlogits + (i0 + i) * stride);
    });
    GemmArgs g{dlogits, stride, a.panels_grad, dx, f.cols, n, f.cols, f.vocabulary};
    gemm<V>(g, stream);
    GemmGradWeightArgs w{dlogits, stride, x, f.cols, a.dhead, f.cols, n, f.vocabulary, f.cols};
    gemm_grad_weight<V>(w, stream);
    T* dhidden = static_cast<T*>(a.dhidden);
    for (int64_t i = 0; i < n; ++i) {
      T* to = dhidden + f.row[begin + i] * f.cols;
      for_lanes<V>(f.cols, [&](int64_t c, int lanes) {
        store_lanes<V>(load_lanes<V>(to + c, lanes) + load_lanes<V>(dx + i * f.cols + c, lanes), to + c, lanes);
      });
    }
  }
}

}  // namespace hone::kernels
