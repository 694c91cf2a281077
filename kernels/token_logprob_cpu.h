// CPU twin of token_logprob.h. Logits exist for a bounded number of rows at a time: one product on the whole team, then
// statistics by fixed pieces of the vocabulary, combined in order. draw_cpu.h works on the same pieces, so what the
// sampler records equals what the trainer computes.
//
// P says which products are meant: P::V, the vector of floats; P::Compact, an element of a panel; P::depth(k), a
// panel's rows; P::gemm and P::gemm_grad_weight as in a backend.
#pragma once

#include <limits>

#include "kernels/gemm_cpu.h"
#include "kernels/token_logprob.h"

namespace hone::kernels {

inline constexpr int64_t kLogits = int64_t{1} << 24;         // that exist at a time
inline constexpr int64_t kLogitRows = 1024;                  // and no more rows than these
inline constexpr int64_t kVocabularyPiece = int64_t{1} << 14;

template <class Vector>
struct DenseProducts {
  using V = Vector;
  using Compact = typename V::T;
  static constexpr int64_t depth(int64_t k) { return k; }
  static void gemm(const GemmArgs& g, const Stream& stream) { kernels::gemm<V>(g, stream); }
  static void gemm_grad_weight(const GemmGradWeightArgs& g, const Stream& stream) {
    kernels::gemm_grad_weight<V>(g, stream);
  }
};

// Where the logits of a call lie: rows of `stride`, the vocabulary up to a full vector.
template <class V>
struct LogitPlan {
  explicit LogitPlan(int64_t vocabulary)
      : vocabulary(vocabulary),
        stride(div_up<V>(vocabulary, V::kWidth) * V::kWidth),
        pieces(div_up<V>(vocabulary, kVocabularyPiece)),
        rows(kLogits / stride < 1 ? 1 : kLogits / stride > kLogitRows ? kLogitRows : kLogits / stride) {}
  const int64_t vocabulary, stride, pieces, rows;
  int64_t piece_begin(int64_t piece) const { return piece * kVocabularyPiece; }
  int64_t piece_size(int64_t piece) const {
    return vocabulary - piece_begin(piece) < kVocabularyPiece ? vocabulary - piece_begin(piece) : kVocabularyPiece;
  }
};

// x [n][cols] = the hidden rows row(0), ..., row(n - 1), in scratch of the calling thread.
template <class V, class Row>
typename V::T* hidden_rows(const void* hidden, int64_t cols, int64_t n, const Row& row) {
  using T = typename V::T;
  T* x = scratch<V, 9>(n * cols);
  for (int64_t i = 0; i < n; ++i)
    for_lanes<V>(cols, [&](int64_t c, int lanes) {
      store_lanes<V>(load_lanes<V>(static_cast<const T*>(hidden) + row(i) * cols + c, lanes), x + i * cols + c, lanes);
    });
  return x;
}

// logits [n][stride] of x [n][cols], in scratch of the calling thread.
template <class P>
typename P::V::T* logits_rows(const LogitPlan<typename P::V>& plan, const typename P::V::T* x, int64_t cols,
                              const void* panels, int64_t n, const Stream& stream) {
  auto* logits = scratch<typename P::V, 10>(n * plan.stride);
  P::gemm({x, cols, panels, logits, plan.stride, n, plan.vocabulary, cols}, stream);
  return logits;
}

// Of z over a piece of the vocabulary.
template <class V>
struct PieceStatistics {
  typename V::T maximum;   // of z
  typename V::T sum;       // sum exp(z - maximum)
  typename V::T weighted;  // sum exp(z - maximum) (z - maximum)
};

template <class V>
struct RowStatistics {
  typename V::T maximum;   // of z
  typename V::T log_sum;   // log sum exp(z - maximum)
  typename V::T mean;      // sum p (z - maximum)
};

// z = logits * inverse_temperature.
template <class V>
PieceStatistics<V> piece_statistics(const typename V::T* logits, int64_t count, typename V::T inverse_temperature) {
  using T = typename V::T;
  const V scale = V::set(inverse_temperature);
  V largest = V::set(-std::numeric_limits<T>::infinity());
  for_lanes<V>(count, [&](int64_t i, int n) {
    largest =
        V::max(largest, V::fill_from(load_lanes<V>(logits + i, n) * scale, n, -std::numeric_limits<T>::infinity()));
  });
  const T top = largest.largest();
  V sum = V::set(0), weighted = V::set(0);
  for_lanes<V>(count, [&](int64_t i, int n) {
    const V z = load_lanes<V>(logits + i, n) * scale - V::set(top);
    const V e = V::fill_from(vexp(z), n, 0);
    sum = sum + e;
    weighted = V::fma(e, z, weighted);
  });
  return {top, sum.sum(), weighted.sum()};
}

// One piece keeps its own numbers; several are brought to their common maximum.
template <class V>
RowStatistics<V> combine_pieces(const PieceStatistics<V>* piece, int64_t pieces) {
  using T = typename V::T;
  PieceStatistics<V> all = piece[0];
  if (pieces > 1) {
    for (int64_t i = 1; i < pieces; ++i)
      if (piece[i].maximum > all.maximum) all.maximum = piece[i].maximum;
    all.sum = all.weighted = 0;
    for (int64_t i = 0; i < pieces; ++i) {
      const T shift = piece[i].maximum - all.maximum;
      T factor[V::kWidth];
      vexp(V::set(shift)).store(factor);
      all.sum += factor[0] * piece[i].sum;
      all.weighted += factor[0] * (piece[i].weighted + shift * piece[i].sum);
    }
  }
  T log_total[V::kWidth];
  vlog(V::set(all.sum)).store(log_total);
  return {all.maximum, log_total[0], all.weighted / all.sum};
}

// Calls body(row, piece) for all on the team.
template <class V, class Body>
void for_pieces(const LogitPlan<V>& plan, int64_t rows, const Stream& stream, const Body& body) {
  const int64_t per_task = 2048 / plan.stride + 1;  // rows with a small vocabulary go together
  stream.team->parallel_for(div_up<V>(rows, per_task) * plan.pieces, [&](int64_t task, int) {
    const int64_t begin = task / plan.pieces * per_task, end = begin + per_task < rows ? begin + per_task : rows;
    for (int64_t i = begin; i < end; ++i) body(i, task % plan.pieces);
  });
}

// [n] of logits [n][stride], in scratch of the calling thread.
template <class V>
RowStatistics<V>* row_statistics(const LogitPlan<V>& plan, const typename V::T* logits, int64_t n,
                                 typename V::T inverse_temperature, const Stream& stream) {
  auto* pieces = reinterpret_cast<PieceStatistics<V>*>(scratch<V, 15>(3 * n * plan.pieces));
  auto* rows = reinterpret_cast<RowStatistics<V>*>(scratch<V, 16>(3 * n));
  for_pieces<V>(plan, n, stream, [&](int64_t i, int64_t piece) {
    pieces[i * plan.pieces + piece] = piece_statistics<V>(logits + i * plan.stride + plan.piece_begin(piece),
                                                          plan.piece_size(piece), inverse_temperature);
  });
  for (int64_t i = 0; i < n; ++i) rows[i] = combine_pieces<V>(pieces + i * plan.pieces, plan.pieces);
  return rows;
}

template <class V>
inline typename V::T target_logprob(const RowStatistics<V>& s, typename V::T logit, typename V::T inverse_temperature) {
  return logit * inverse_temperature - s.maximum - s.log_sum;
}

template <class P>
void token_logprob(const TokenLogprobArgs& a, const Stream& stream) {
  using V = typename P::V;
  using T = typename V::T;
  const LogitPlan<V> plan(a.vocabulary);
  const T inverse = static_cast<T>(a.inverse_temperature);
  for (int64_t begin = 0; begin < a.count; begin += plan.rows) {
    const int64_t n = a.count - begin < plan.rows ? a.count - begin : plan.rows;
    const T* x = hidden_rows<V>(a.hidden, a.cols, n, [&](int64_t i) { return a.row[begin + i]; });
    const T* logits = logits_rows<P>(plan, x, a.cols, a.panels, n, stream);
    const RowStatistics<V>* statistics = row_statistics<V>(plan, logits, n, inverse, stream);
    for (int64_t i = 0; i < n; ++i) {
      const RowStatistics<V>& s = statistics[i];
      static_cast<T*>(a.logprob)[begin + i] =
          target_logprob(s, logits[i * plan.stride + a.target[begin + i]], inverse);
      static_cast<T*>(a.entropy)[begin + i] = s.log_sum - s.mean;
      if (a.log_normalizer) static_cast<T*>(a.log_normalizer)[begin + i] = s.maximum + s.log_sum;
    }
  }
}

// dlogits of entries [first, first + count) for target i, in place of its logits: dlogprob (onehot - p) + dentropy
// (-p (log p + entropy)), times the inverse temperature.
template <class V>
void dlogits_piece(const TokenLogprobBackwardArgs& a, int64_t i, typename V::T* logits, int64_t first, int64_t count) {
  using T = typename V::T;
  const T inverse = static_cast<T>(a.forward.inverse_temperature);
  const T dlogprob = static_cast<const T*>(a.dlogprob)[i];
  const T dentropy = a.dentropy ? static_cast<const T*>(a.dentropy)[i] : T(0);
  const V entropy = V::set(static_cast<const T*>(a.forward.entropy)[i]);
  const V normalizer = V::set(static_cast<const T*>(a.forward.log_normalizer)[i]);
  for_lanes<V>(count, [&](int64_t c, int n) {
    const V log_p = load_lanes<V>(logits + c, n) * V::set(inverse) - normalizer;
    const V d = V::set(0) - vexp(log_p) * (V::set(dlogprob) + V::set(dentropy) * (log_p + entropy));
    store_lanes<V>(d * V::set(inverse), logits + c, n);
  });
  const int64_t target = a.forward.target[i] - first;
  if (target >= 0 && target < count) logits[target] += dlogprob * inverse;
}

// Entries [first, first + count) of the vocabulary for targets [begin, begin + n) with hidden rows x: dx [n][cols]
// starts with the first entries and is added to by the others.
template <class P>
void token_logprob_backward_piece(const TokenLogprobBackwardArgs& a, const typename P::V::T* x, int64_t begin,
                                  int64_t n, int64_t first, int64_t count, typename P::V::T* dx, const Stream& stream) {
  using V = typename P::V;
  using T = typename V::T;
  using Compact = typename P::Compact;
  constexpr int64_t kCols = 2 * V::kWidth;
  const TokenLogprobArgs& f = a.forward;
  T* logits = scratch<V, 10>(n * count);
  const auto* panels = static_cast<const Compact*>(f.panels) + first * P::depth(f.cols);
  P::gemm({x, f.cols, panels, logits, count, n, count, f.cols}, stream);
  for_row_chunks<V>(*stream.team, n, count, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) dlogits_piece<V>(a, begin + i, logits + i * count, first, count);
  });
  GemmArgs g{logits, count, static_cast<const Compact*>(a.panels_grad) + first * kCols, dx, f.cols, n, f.cols, count};
  g.start = first > 0 ? dx : nullptr;
  g.start_stride = f.cols;
  g.panel_stride = P::depth(f.vocabulary) * kCols;
  P::gemm(g, stream);
  P::gemm_grad_weight({logits, count, x, f.cols, static_cast<T*>(a.dhead) + first * f.cols, f.cols, n, count, f.cols},
                      stream);
}

template <class P>
void token_logprob_backward(const TokenLogprobBackwardArgs& a, const Stream& stream) {
  using V = typename P::V;
  using T = typename V::T;
  constexpr int64_t kRows = 8192, kLeast = 1024;  // a piece begins at whole panels, whose depth divides it too
  const TokenLogprobArgs& f = a.forward;
  for (int64_t begin = 0; begin < f.count; begin += kRows) {
    const int64_t n = f.count - begin < kRows ? f.count - begin : kRows;
    const int64_t most = kLogits / n / kLeast * kLeast, piece = most < kLeast ? kLeast : most;
    const T* x = hidden_rows<V>(f.hidden, f.cols, n, [&](int64_t i) { return f.row[begin + i]; });
    T* dx = scratch<V, 13>(n * f.cols);
    for (int64_t first = 0; first < f.vocabulary; first += piece)
      token_logprob_backward_piece<P>(a, x, begin, n, first,
                                      f.vocabulary - first < piece ? f.vocabulary - first : piece, dx, stream);
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
