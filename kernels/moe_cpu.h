// CPU twin of router.h and moe.h.
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu_support.h"
#include "kernels/moe.h"
#include "kernels/router.h"

namespace hone::kernels {

template <class V>
void router_scores(const RouterShape& s, const typename V::T* logits, typename V::T* scores) {
  using T = typename V::T;
  if (s.score == RouterScore::kSigmoid) {
    for_lanes<V>(s.experts, [&](int64_t i, int n) {
      store_lanes<V>(V::set(1) / (V::set(1) + vexp(V::set(0) - load_lanes<V>(logits + i, n))), scores + i, n);
    });
    return;
  }
  T top = logits[0];
  for (int64_t e = 1; e < s.experts; ++e) top = logits[e] > top ? logits[e] : top;
  for_lanes<V>(s.experts, [&](int64_t i, int n) {
    store_lanes<V>(vexp(load_lanes<V>(logits + i, n) - V::set(top)), scores + i, n);
  });
  T sum = 0;
  for (int64_t e = 0; e < s.experts; ++e) sum += scores[e];
  for (int64_t e = 0; e < s.experts; ++e) scores[e] /= sum;
}

// Sets the ranks of experts outside the best group_limit groups to -infinity. A group ranks by its one or two best.
template <class V>
void limit_groups(const RouterShape& s, typename V::T* rank, typename V::T lowest) {
  using T = typename V::T;
  const int64_t size = s.experts / s.groups;
  T* group_rank = scratch<V, 7>(s.groups);
  for (int64_t g = 0; g < s.groups; ++g) {
    T best = lowest, second = lowest;
    for (int64_t e = g * size; e < (g + 1) * size; ++e) {
      if (rank[e] > best) {
        second = best;
        best = rank[e];
      } else if (rank[e] > second) {
        second = rank[e];
      }
    }
    group_rank[g] = s.group_best > 1 && size > 1 ? best + second : best;
  }
  for (int64_t g = 0; g < s.groups; ++g) {
    int64_t better = 0;
    for (int64_t o = 0; o < s.groups; ++o)
      better += group_rank[o] > group_rank[g] || (group_rank[o] == group_rank[g] && o < g);
    if (better < s.group_limit) continue;
    for (int64_t e = g * size; e < (g + 1) * size; ++e) rank[e] = lowest;
  }
}

template <class V>
void route_row(const RouteArgs& a, int64_t r, typename V::T* rank) {
  using T = typename V::T;
  const RouterShape& s = a.shape;
  const T lowest = -__builtin_huge_val();
  T* scores = static_cast<T*>(a.scores) + r * s.experts;
  router_scores<V>(s, static_cast<const T*>(a.logits) + r * s.experts, scores);
  for (int64_t e = 0; e < s.experts; ++e) rank[e] = scores[e] + (a.bias ? static_cast<const T*>(a.bias)[e] : T(0));
  if (s.groups > 1) limit_groups<V>(s, rank, lowest);
  int32_t* chosen = a.chosen + r * s.top_k;
  T* weights = static_cast<T*>(a.weights) + r * s.top_k;
  T sum = 0;
  for (int64_t slot = 0; slot < s.top_k; ++slot) {
    int64_t best = 0;
    for (int64_t e = 1; e < s.experts; ++e)
      if (rank[e] > rank[best]) best = e;
    chosen[slot] = static_cast<int32_t>(best);
    weights[slot] = scores[best];
    sum += scores[best];
    rank[best] = lowest;
  }
  const T factor = s.normalize ? static_cast<T>(s.scaling) / (sum + T(1e-20)) : static_cast<T>(s.scaling);
  for (int64_t slot = 0; slot < s.top_k; ++slot) weights[slot] *= factor;
}

template <class V>
void route(const RouteArgs& a, const Stream& stream) {
  for_row_chunks<V>(*stream.team, a.rows, 8 * a.shape.experts, [&](int64_t begin, int64_t end) {
    auto* rank = scratch<V, 8>(a.shape.experts);
    for (int64_t r = begin; r < end; ++r) route_row<V>(a, r, rank);
  });
}

// With c = scaling, S = sum of the chosen scores: w_i = c s_i / S, so ds_i = c / S (dw_i - sum_j dw_j s_j / S).
template <class V>
void route_backward_row(const RouteBackwardArgs& a, int64_t r, typename V::T* dscore) {
  using T = typename V::T;
  const RouterShape& s = a.shape;
  const T* scores = static_cast<const T*>(a.scores) + r * s.experts;
  const T* dweights = static_cast<const T*>(a.dweights) + r * s.top_k;
  T* dlogits = static_cast<T*>(a.dlogits) + r * s.experts;
  const int32_t* chosen = a.chosen + r * s.top_k;
  T sum = T(1e-20), dot = 0;
  for (int64_t i = 0; i < s.top_k; ++i) sum += scores[chosen[i]];
  for (int64_t i = 0; i < s.top_k; ++i) dot += dweights[i] * scores[chosen[i]] / sum;
  for (int64_t e = 0; e < s.experts; ++e) dscore[e] = 0;
  const T c = static_cast<T>(s.scaling);
  for (int64_t i = 0; i < s.top_k; ++i)
    dscore[chosen[i]] = s.normalize ? c / sum * (dweights[i] - dot) : c * dweights[i];
  T mean = 0;
  if (s.score == RouterScore::kSoftmax)
    for (int64_t e = 0; e < s.experts; ++e) mean += dscore[e] * scores[e];
  for (int64_t e = 0; e < s.experts; ++e)
    dlogits[e] =
        s.score == RouterScore::kSigmoid ? dscore[e] * scores[e] * (1 - scores[e]) : scores[e] * (dscore[e] - mean);
}

template <class V>
void route_backward(const RouteBackwardArgs& a, const Stream& stream) {
  for_row_chunks<V>(*stream.team, a.rows, 8 * a.shape.experts, [&](int64_t begin, int64_t end) {
    auto* dscore = scratch<V, 8>(a.shape.experts);
    for (int64_t r = begin; r < end; ++r) route_backward_row<V>(a, r, dscore);
  });
}

template <class V>
void moe_gather(const MoeGatherArgs& a, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, a.count, a.cols, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T* from = static_cast<const T*>(a.x) + a.source[i] * a.cols;
      T* to = static_cast<T*>(a.out) + i * a.cols;
      for_lanes<V>(a.cols, [&](int64_t c, int n) { store_lanes<V>(load_lanes<V>(from + c, n), to + c, n); });
    }
  });
}

template <class V>
void moe_combine(const MoeCombineArgs& a, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, a.rows, a.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int32_t* place = a.place + r * a.top_k;
      const T* weights = static_cast<const T*>(a.weights) + r * a.top_k;
      for_lanes<V>(a.cols, [&](int64_t c, int n) {
        V sum = a.base ? load_lanes<V>(static_cast<const T*>(a.base) + r * a.cols + c, n) : V::set(0);
        for (int64_t s = 0; s < a.top_k; ++s)
          sum = V::fma(V::set(weights[s]),
                       load_lanes<V>(static_cast<const T*>(a.expert_out) + place[s] * a.cols + c, n), sum);
        store_lanes<V>(sum, static_cast<T*>(a.y) + r * a.cols + c, n);
      });
    }
  });
}

template <class V>
void moe_combine_backward(const MoeCombineBackwardArgs& a, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, a.rows, a.cols * a.top_k, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* dy = static_cast<const T*>(a.dy) + r * a.cols;
      for (int64_t s = 0; s < a.top_k; ++s) {
        const int64_t at = a.place[r * a.top_k + s] * a.cols;
        const V weight = V::set(static_cast<const T*>(a.weights)[r * a.top_k + s]);
        V dot = V::set(0);
        for_lanes<V>(a.cols, [&](int64_t c, int n) {
          const V d = load_lanes<V>(dy + c, n);
          dot = V::fma(d, load_lanes<V>(static_cast<const T*>(a.expert_out) + at + c, n), dot);
          store_lanes<V>(d * weight, static_cast<T*>(a.dexpert_out) + at + c, n);
        });
        static_cast<T*>(a.dweights)[r * a.top_k + s] = dot.sum();
      }
    }
  });
}

template <class V>
void moe_scatter(const MoeScatterArgs& a, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, a.rows, a.cols * a.top_k, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      for_lanes<V>(a.cols, [&](int64_t c, int n) {
        T* out = static_cast<T*>(a.dx) + r * a.cols + c;
        V sum = load_lanes<V>(out, n);
        for (int64_t s = 0; s < a.top_k; ++s)
          sum = sum + load_lanes<V>(static_cast<const T*>(a.dgathered) + a.place[r * a.top_k + s] * a.cols + c, n);
        store_lanes<V>(sum, out, n);
      });
  });
}

}  // namespace hone::kernels
