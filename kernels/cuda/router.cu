#include "kernels/cuda/router.h"

#include "base/check.h"
#include "kernels/cuda/dialect.h"

namespace hone::kernels::cuda {
namespace {

// One warp, a block of its own, has a row: a lane has experts lane, lane + 32, ... Sums over experts or slots are one
// chain in order, which every lane goes through for itself.
HONE_DEVICE int lane() { return static_cast<int>(threadIdx.x); }
HONE_DEVICE float lowest() { return -__builtin_huge_valf(); }

// The best rank and its expert, the lower index where ranks are equal. NaN ranks below all but as expert 0, where it
// ranks above all: what comparing in order of experts gives.
struct Best {
  float rank;
  int expert;
};

HONE_DEVICE Best better(Best a, Best b) {
  return b.rank > a.rank || (b.rank == a.rank && b.expert < a.expert) ? b : a;
}

// For all lanes. rank is in shared memory and complete.
HONE_DEVICE Best best_of(const float* rank, int experts) {
  Best best{rank[0], 0};
  for (int e = lane(); e < experts; e += kWarp) best = better(best, {rank[e], e});
  for (int offset = kWarp / 2; offset > 0; offset /= 2)
    best = better(best, {__shfl_xor_sync(~0u, best.rank, offset), __shfl_xor_sync(~0u, best.expert, offset)});
  return best;
}

// scores = score(logits), in shared memory. A lane has written its own; a barrier shows them to all.
HONE_DEVICE void compute_scores(const RouterShape& s, const float* logits, float* scores) {
  const int experts = static_cast<int>(s.experts);
  if (s.score == RouterScore::kSigmoid) {
    for (int e = lane(); e < experts; e += kWarp) scores[e] = sigmoid(logits[e]);
    return;
  }
  const float top = best_of(logits, experts).rank;
  for (int e = lane(); e < experts; e += kWarp) scores[e] = exponential(logits[e] - top);
  __syncthreads();
  float sum = 0;
  for (int e = 0; e < experts; ++e) sum += scores[e];
  __syncthreads();
  for (int e = lane(); e < experts; e += kWarp) scores[e] /= sum;
}

// The rank of a group: its best, or its best two together.
HONE_DEVICE float rank_of_group(const RouterShape& s, const float* rank, int size) {
  float best = lowest(), second = lowest();
  for (int e = 0; e < size; ++e) {
    if (rank[e] > best) {
      second = best;
      best = rank[e];
    } else if (rank[e] > second) {
      second = rank[e];
    }
  }
  return s.group_best > 1 && size > 1 ? best + second : best;
}

// Sets the ranks of experts outside the best group_limit groups to -infinity.
HONE_DEVICE void limit_groups(const RouterShape& s, float* rank, float* group_rank) {
  const int groups = static_cast<int>(s.groups), size = static_cast<int>(s.experts / s.groups);
  for (int g = lane(); g < groups; g += kWarp) group_rank[g] = rank_of_group(s, rank + g * size, size);
  __syncthreads();
  for (int g = lane(); g < groups; g += kWarp) {
    int ahead = 0;
    for (int o = 0; o < groups; ++o)
      ahead += group_rank[o] > group_rank[g] || (group_rank[o] == group_rank[g] && o < g);
    for (int e = g * size; ahead >= s.group_limit && e < (g + 1) * size; ++e) rank[e] = lowest();
  }
  __syncthreads();
}

HONE_KERNEL(route_row)(RouteArgs a) {
  HONE_SHARED(float, scores, kMostExperts);
  HONE_SHARED(float, rank, kMostExperts);
  HONE_SHARED(float, group_rank, kMostExperts);
  const RouterShape& s = a.shape;
  const int64_t row = blockIdx.x;
  const int experts = static_cast<int>(s.experts);
  compute_scores(s, static_cast<const float*>(a.logits) + row * experts, scores);
  for (int e = lane(); e < experts; e += kWarp) {
    static_cast<float*>(a.scores)[row * experts + e] = scores[e];
    rank[e] = scores[e] + (a.bias ? static_cast<const float*>(a.bias)[e] : 0.0f);
  }
  __syncthreads();
  if (s.groups > 1) limit_groups(s, rank, group_rank);
  int32_t* chosen = a.chosen + row * s.top_k;
  float sum = 0;
  for (int64_t slot = 0; slot < s.top_k; ++slot) {
    const int best = best_of(rank, experts).expert;
    sum += scores[best];
    __syncthreads();
    if (lane() == 0) {
      chosen[slot] = best;
      rank[best] = lowest();
    }
    __syncthreads();
  }
  const float scaling = static_cast<float>(s.scaling), factor = s.normalize ? scaling / (sum + 1e-20f) : scaling;
  for (int64_t slot = lane(); slot < s.top_k; slot += kWarp)
    static_cast<float*>(a.weights)[row * s.top_k + slot] = scores[chosen[slot]] * factor;
}

// With c = scaling, S = sum of the chosen scores: w_i = c s_i / S, so ds_i = c / S (dw_i - sum_j dw_j s_j / S).
HONE_KERNEL(route_backward_row)(RouteBackwardArgs a) {
  HONE_SHARED(float, dscore, kMostExperts);
  HONE_SHARED(float, share, kMostExperts);
  const RouterShape& s = a.shape;
  const int64_t row = blockIdx.x;
  const int experts = static_cast<int>(s.experts), top_k = static_cast<int>(s.top_k);
  const auto* scores = static_cast<const float*>(a.scores) + row * experts;
  const auto* dweights = static_cast<const float*>(a.dweights) + row * top_k;
  const int32_t* chosen = a.chosen + row * top_k;
  float sum = 1e-20f, dot = 0;
  for (int i = 0; i < top_k; ++i) sum += scores[chosen[i]];
  for (int i = 0; i < top_k; ++i) dot += dweights[i] * scores[chosen[i]] / sum;
  const float c = static_cast<float>(s.scaling);
  for (int e = lane(); e < experts; e += kWarp) dscore[e] = 0;
  for (int i = 0; i < top_k; ++i)
    if (chosen[i] % kWarp == lane()) dscore[chosen[i]] = s.normalize ? c / sum * (dweights[i] - dot) : c * dweights[i];
  for (int e = lane(); e < experts; e += kWarp) share[e] = dscore[e] * scores[e];
  __syncthreads();
  float mean = 0;
  for (int e = 0; s.score == RouterScore::kSoftmax && e < experts; ++e) mean += share[e];
  for (int e = lane(); e < experts; e += kWarp)
    static_cast<float*>(a.dlogits)[row * experts + e] =
        s.score == RouterScore::kSigmoid ? share[e] * (1 - scores[e]) : scores[e] * (dscore[e] - mean);
}

}  // namespace

void route(const RouteArgs& a, const Stream& stream) {
  HONE_CHECK(a.shape.experts <= kMostExperts, "a router on CUDA has at most 1024 experts");
  HONE_LAUNCH(stream, a.rows, kWarp, route_row, a);
}

void route_backward(const RouteBackwardArgs& a, const Stream& stream) {
  HONE_CHECK(a.shape.experts <= kMostExperts, "a router on CUDA has at most 1024 experts");
  HONE_LAUNCH(stream, a.rows, kWarp, route_backward_row, a);
}

}  // namespace hone::kernels::cuda
