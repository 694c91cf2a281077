// CPU twin of draw.h.
#pragma once

#include "kernels/token_logprob_cpu.h"

namespace hone::kernels {

// Gumbel noise of vocabulary entries [first, first + width): -log(E), E = -log(1 - u) exponential, u in (0, 1]. Small
// u, which make the large values that decide, keep their full precision through the series.
template <class V>
inline V gumbel(const DrawItem& item, int64_t first) {
  uint32_t words[V::kWidth < 4 ? 4 : V::kWidth];
  for (int64_t i = 0; i < V::kWidth; i += 4) {
    const auto block =
        philox4x32(item.key, {static_cast<uint32_t>((first + i) / 4), item.position, item.sample, item.serial});
    for (int j = 0; j < 4; ++j) words[i + j] = block[j];
  }
  const V u = V::unit(words + (V::kWidth < 4 ? first % 4 : 0));
  const V series = u * V::fma(u, V::fma(u, V::set(1.0f / 3), V::set(0.5f)), V::set(1));
  const V direct = V::set(0) - vlog(V::max(V::set(0x1p-32f), V::set(1) - u));
  const V e = V::select_less(u, V::set(0x1p-7f), direct, series);
  return V::set(0) - vlog(e);
}

// The smallest logit that top-k and top-p let pass: logits of equal value pass together.
template <class V>
typename V::T cutoff(const DrawItem& item, const typename V::T* logits, int64_t vocabulary, const RowStatistics<V>& s,
                     typename V::T inverse_temperature) {
  using T = typename V::T;
  T limit = std::numeric_limits<T>::infinity();  // everything at or above `limit` is in the set so far
  double mass = 0;
  int64_t count = 0;
  while (true) {
    T next = -std::numeric_limits<T>::infinity();
    for (int64_t v = 0; v < vocabulary; ++v)
      if (logits[v] < limit && logits[v] > next) next = logits[v];
    if (next == -std::numeric_limits<T>::infinity()) return limit;
    T p[V::kWidth];
    vexp(V::set(target_logprob(s, next, inverse_temperature))).store(p);
    for (int64_t v = 0; v < vocabulary; ++v)
      if (logits[v] == next) {
        ++count;
        mass += p[0];
      }
    limit = next;
    if ((item.top_k > 0 && count >= item.top_k) || (item.top_p < 1 && mass >= item.top_p)) return limit;
  }
}

template <class V>
int32_t draw_token(const DrawItem& item, const typename V::T* logits, int64_t vocabulary, const RowStatistics<V>& s) {
  using T = typename V::T;
  const T inverse = item.temperature > 0 ? T(1) / static_cast<T>(item.temperature) : T(1);
  const bool cut = item.temperature > 0 && (item.top_k > 0 || item.top_p < 1);
  const T lowest = cut ? cutoff<V>(item, logits, vocabulary, s, inverse) : -std::numeric_limits<T>::infinity();
  int32_t best = -1;
  T best_value = 0;
  for (int64_t v = 0; v < vocabulary; v += V::kWidth) {
    const int n = vocabulary - v < V::kWidth ? static_cast<int>(vocabulary - v) : V::kWidth;
    T value[V::kWidth];
    V z = load_lanes<V>(logits + v, n);
    if (item.temperature > 0) z = z * V::set(inverse) + gumbel<V>(item, v);
    z.store(value);
    for (int i = 0; i < n; ++i) {
      if (logits[v + i] < lowest) continue;
      if (best < 0 || value[i] > best_value) {
        best = static_cast<int32_t>(v + i);
        best_value = value[i];
      }
    }
  }
  return best;
}

template <class V>
void draw(const DrawArgs& a, const Stream& stream) {
  using T = typename V::T;
  const int64_t stride = div_up<V>(a.vocabulary, V::kWidth) * V::kWidth;
  stream.team->parallel_for(div_up<V>(a.count, kLogitRows), [&](int64_t task, int) {
    const int64_t begin = task * kLogitRows, n = a.count - begin < kLogitRows ? a.count - begin : kLogitRows;
    int32_t row[kLogitRows];
    for (int64_t i = 0; i < n; ++i) row[i] = a.items[begin + i].row;
    const T* logits =
        logits_rows<V>(static_cast<const T*>(a.hidden), a.cols, static_cast<const T*>(a.panels), a.vocabulary, row, n);
    for (int64_t i = 0; i < n; ++i) {
      const DrawItem& item = a.items[begin + i];
      const T inverse = item.temperature > 0 ? T(1) / static_cast<T>(item.temperature) : T(1);
      const auto s = row_statistics<V>(logits + i * stride, a.vocabulary, inverse);
      const int32_t token = draw_token<V>(item, logits + i * stride, a.vocabulary, s);
      a.results[begin + i] = {token, static_cast<float>(target_logprob(s, logits[i * stride + token], inverse)),
                              static_cast<float>(s.log_sum - s.mean)};
    }
  });
}

}  // namespace hone::kernels
