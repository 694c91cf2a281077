// CPU twin of draw.h.
#pragma once

#include "base/philox.h"
#include "kernels/draw.h"
#include "kernels/token_logprob_cpu.h"

namespace hone::kernels {

// Random words of vocabulary entries [first, first + 4 W), first a multiple of 4 W (f64: of 4).
template <class V>
inline void token_words(const DrawItem& item, int64_t first, uint32_t* words) {
  const uint32_t block = static_cast<uint32_t>(first / 4);
  if constexpr (V::kWidth == 1) {
    const auto four = philox4x32(item.key, {block, item.position, item.sample, item.serial});
    for (int i = 0; i < 4; ++i) words[i] = four[i];
  } else {
    V::philox(item.key, block, item.position, item.sample, item.serial, words);
  }
}

// Gumbel noise -log(E), E = -log(1 - u) exponential, u in (0, 1]. Small u, which make the large values that decide,
// keep their full precision through the series.
template <class V>
inline V gumbel(V u) {
  const V series = u * V::fma(u, V::fma(u, V::set(1.0f / 3), V::set(0.5f)), V::set(1));
  const V direct = V::set(0) - vlog(V::max(V::set(0x1p-32f), V::set(1) - u));
  const V e = V::select_less(u, V::set(0x1p-7f), direct, series);
  return V::set(0) - vlog(e);
}

// Nothing below it: E >= u, so the noise is at most -log(u), which the exponent of u bounds. The margin is far above
// what rounding adds.
template <class V>
inline V gumbel_bound(V u) {
  if constexpr (V::kWidth == 1) {
    return V::set(std::numeric_limits<typename V::T>::infinity());
  } else {
    V mantissa, exponent;
    V::split(u, mantissa, exponent);
    return V::fma(V::set(1) - exponent, V::set(0.6931472f), V::set(0.01f));
  }
}

// Moves values[at] of a heap with its largest value first down to its place.
template <class V>
inline void sift_down(typename V::T* values, int64_t count, int64_t at) {
  const auto value = values[at];
  for (int64_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && values[child + 1] > values[child]) ++child;
    if (!(values[child] > value)) break;
    values[at] = values[child];
  }
  values[at] = value;
}

// The smallest logit that top-k and top-p let pass: logits of equal value pass together. Values leave a heap one by
// one, so the work grows with the size of the set.
template <class V>
typename V::T cutoff(const DrawItem& item, const typename V::T* logits, int64_t vocabulary, const RowStatistics<V>& s,
                     typename V::T inverse_temperature) {
  using T = typename V::T;
  T* heap = scratch<V, 17>(vocabulary);
  for (int64_t v = 0; v < vocabulary; ++v) heap[v] = logits[v];
  for (int64_t i = vocabulary / 2; i-- > 0;) sift_down<V>(heap, vocabulary, i);
  double mass = 0;
  T p[V::kWidth];
  for (int64_t left = vocabulary; left > 0;) {
    const T value = heap[0];
    vexp(V::set(target_logprob(s, value, inverse_temperature))).store(p);
    do {
      mass += p[0];
      heap[0] = heap[--left];
      sift_down<V>(heap, left, 0);
    } while (left > 0 && heap[0] == value);
    if ((item.top_k > 0 && vocabulary - left >= item.top_k) || (item.top_p < 1 && mass >= item.top_p)) return value;
  }
  return -std::numeric_limits<T>::infinity();
}

template <class V>
inline typename V::T inverse_temperature_of(const DrawItem& item) {
  using T = typename V::T;
  return item.temperature > 0 ? T(1) / static_cast<T>(item.temperature) : T(1);
}

// The best of a piece of the vocabulary; token -1: no entry passes.
template <class V>
struct Best {
  int32_t token;
  typename V::T value;
};

// Keeps the best of `best` and of n entries from `first` on.
template <class V>
inline void take_better(V value, const typename V::T* logits, int n, int64_t first, typename V::T lowest,
                        Best<V>& best) {
  typename V::T each[V::kWidth];
  value.store(each);
  for (int i = 0; i < n; ++i) {
    if (logits[i] < lowest) continue;
    if (best.token < 0 || each[i] > best.value) best = {static_cast<int32_t>(first + i), each[i]};
  }
}

// Of entries [first, first + count), those with a logit of at least `lowest`. The noise is worked out only where it can
// decide.
template <class V>
Best<V> best_of_piece(const DrawItem& item, const typename V::T* logits, int64_t first, int64_t count,
                      typename V::T lowest) {
  using T = typename V::T;
  constexpr int W = V::kWidth;
  const V inverse = V::set(inverse_temperature_of<V>(item));
  Best<V> best{-1, -std::numeric_limits<T>::infinity()};
  uint32_t words[4 * W];
  for_lanes<V>(count, [&](int64_t at, int n) {
    const V z = load_lanes<V>(logits + at, n) * inverse;
    if (item.temperature <= 0) {
      if (!V::all_less(z, V::set(best.value))) take_better(z, logits + at, n, first + at, lowest, best);
      return;
    }
    if (at % (4 * W) == 0) token_words<V>(item, first + at, words);
    const V u = V::unit(words + at % (4 * W));
    if (!V::all_less(z + gumbel_bound(u), V::set(best.value)))
      take_better(z + gumbel(u), logits + at, n, first + at, lowest, best);
  });
  return best;
}

template <class V>
inline bool is_cut(const DrawItem& item) {
  return item.temperature > 0 && (item.top_k > 0 || item.top_p < 1);
}

// Draws for items [0, n) with logits [n][stride]. Where a cut needs the statistics of the whole row first, the row is
// drawn afterwards.
template <class V>
void draw_rows(const LogitPlan<V>& plan, const DrawItem* items, const typename V::T* logits, int64_t n,
               DrawResult* results, const Stream& stream) {
  using T = typename V::T;
  constexpr T kLowest = -std::numeric_limits<T>::infinity();
  auto* pieces = reinterpret_cast<PieceStatistics<V>*>(scratch<V, 15>(3 * n * plan.pieces));
  auto* best = reinterpret_cast<Best<V>*>(scratch<V, 16>(2 * n * plan.pieces));
  for_pieces<V>(plan, n, stream, [&](int64_t i, int64_t piece) {
    const int64_t first = plan.piece_begin(piece), size = plan.piece_size(piece);
    const T* from = logits + i * plan.stride + first;
    pieces[i * plan.pieces + piece] = piece_statistics<V>(from, size, inverse_temperature_of<V>(items[i]));
    if (!is_cut<V>(items[i])) best[i * plan.pieces + piece] = best_of_piece<V>(items[i], from, first, size, kLowest);
  });
  stream.team->parallel_for(n, [&](int64_t i, int) {
    const T *row = logits + i * plan.stride, inverse = inverse_temperature_of<V>(items[i]);
    const auto s = combine_pieces<V>(pieces + i * plan.pieces, plan.pieces);
    Best<V> chosen = best[i * plan.pieces];
    if (is_cut<V>(items[i])) {
      chosen = best_of_piece<V>(items[i], row, 0, plan.vocabulary,
                                cutoff<V>(items[i], row, plan.vocabulary, s, inverse));
    } else {
      for (int64_t piece = 1; piece < plan.pieces; ++piece)
        if (best[i * plan.pieces + piece].value > chosen.value) chosen = best[i * plan.pieces + piece];
    }
    results[i] = {chosen.token, static_cast<float>(target_logprob(s, row[chosen.token], inverse)),
                  static_cast<float>(s.log_sum - s.mean)};
  });
}

template <class P>
void draw(const DrawArgs& a, const Stream& stream) {
  using V = typename P::V;
  const LogitPlan<V> plan(a.vocabulary);
  for (int64_t begin = 0; begin < a.count; begin += plan.rows) {
    const int64_t n = a.count - begin < plan.rows ? a.count - begin : plan.rows;
    const auto* x = hidden_rows<V>(a.hidden, a.cols, n, [&](int64_t i) { return a.items[begin + i].row; });
    draw_rows<V>(plan, a.items + begin, logits_rows<P>(plan, x, a.cols, a.panels, n, stream), n, a.results + begin,
                 stream);
  }
}

}  // namespace hone::kernels
