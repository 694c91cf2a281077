#include "kernels/cuda/draw.h"

#include <algorithm>

#include "kernels/cuda/token_logprob_tile.h"

namespace hone::kernels::cuda {
namespace {

constexpr int64_t kItems = 128;   // whose logits have room at a time
constexpr int kCombineWarps = 4;  // items that a block of threads combines
constexpr int kCutThreads = 512;

struct FourWords {
  uint32_t v[4];
};

// base/philox.h on the device.
HONE_DEVICE FourWords philox(uint64_t key, FourWords counter) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * counter.v[0], p1 = uint64_t{0xCD9E8D57u} * counter.v[2];
    counter = {{static_cast<uint32_t>(p1 >> 32) ^ counter.v[1] ^ k0, static_cast<uint32_t>(p1),
                static_cast<uint32_t>(p0 >> 32) ^ counter.v[3] ^ k1, static_cast<uint32_t>(p0)}};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return counter;
}

// Gumbel noise -log(E), E = -log(1 - u) exponential, u in (0, 1]. Small u, which make the large values that decide,
// keep their full precision through the series.
HONE_DEVICE float gumbel(uint32_t word) {
  const float u = __fmaf_rn(static_cast<float>(word), 0x1p-32f, 0x1p-33f);
  const float series = u * __fmaf_rn(u, __fmaf_rn(u, 1.0f / 3, 0.5f), 1.0f);
  const float direct = 0.0f - logarithm(largest(0x1p-32f, 1.0f - u));
  return 0.0f - logarithm(u < 0x1p-7f ? series : direct);
}

HONE_DEVICE float inverse_temperature(const DrawItem& item) {
  return item.temperature > 0 ? 1.0f / item.temperature : 1.0f;
}

HONE_DEVICE bool is_cut(const DrawItem& item) {
  return item.temperature > 0 && (item.top_k > 0 || item.top_p < 1);
}

// The best of some entries; token -1: there is none.
struct Best {
  int32_t token;
  float value;
  float logit;
};

HONE_DEVICE bool is_better(const Best& a, const Best& b) {
  if (a.token < 0 || b.token < 0) return a.token > b.token;
  return a.value > b.value || (a.value == b.value && a.token < b.token);
}

// Orders as the floats do; 0 and -0 are one.
HONE_DEVICE uint32_t rank_of(float x) {
  const uint32_t bits = bits_of(x + 0.0f);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

// Of n entries from `first` on, a multiple of 4, those whose logit has at least the rank `lowest`.
HONE_DEVICE Best best_of_four(const DrawItem& item, const FourFloats& logit, int n, int64_t first, uint32_t lowest) {
  FourWords words = {};
  if (item.temperature > 0 && n > 0)
    words = philox(item.key, {{static_cast<uint32_t>(first / 4), item.position, item.sample, item.serial}});
  Best best{-1, 0, 0};
  for (int i = 0; i < n; ++i) {
    if (rank_of(logit.v[i]) < lowest) continue;
    const float z = logit.v[i] * inverse_temperature(item);
    const Best one{static_cast<int32_t>(first) + i, item.temperature > 0 ? z + gumbel(words.v[i]) : z, logit.v[i]};
    if (is_better(one, best)) best = one;
  }
  return best;
}

// Lane 0 gets the best of the warp.
HONE_DEVICE Best best_of_warp(Best best) {
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    const Best other{__shfl_down_sync(~0u, best.token, distance), __shfl_down_sync(~0u, best.value, distance),
                     __shfl_down_sync(~0u, best.logit, distance)};
    if (is_better(other, best)) best = other;
  }
  return best;
}

HONE_DEVICE DrawResult result_of(const DrawItem& item, const RowStatistics& s, const Best& best) {
  return {best.token, target_logprob(s, best.logit, inverse_temperature(item)), s.log_sum - s.mean};
}

// Items [begin, end) of a call.
struct DrawRows {
  int64_t begin, end, pieces;
  PieceStatistics* statistics;  // [items][pieces]
  Best* best;                   // [items][pieces], of items without a cut
  RowStatistics* rows;          // [items]
  float* logits;                // [items][vocabulary], of items with a cut
};

// One block of threads per piece and kPieceRows items.
template <class C>
HONE_KERNEL(draw_pieces)(DrawArgs a, DrawRows out) {
  HONE_SHARED(FourFloats, staged, kStagedHidden);
  HONE_SHARED(FourFloats, logits, kPieceRows * kWarp);
  const int64_t at = static_cast<int64_t>(blockIdx.y) * kPieceRows, first = static_cast<int64_t>(blockIdx.x) * kPiece;
  const int64_t left = out.end - out.begin - at;
  const int count = static_cast<int>(left < kPieceRows ? left : kPieceRows);
  const DrawItem* items = a.items + out.begin + at;
  const auto* hidden = static_cast<const float*>(a.hidden);
  float logit[kPieceRows];
  multiply_piece<C>(count, a.cols, a.panels, a.vocabulary, first, [&](int i) { return hidden + items[i].row * a.cols; },
                    staged, logit);
  for (int i = 0; i < kPieceRows; ++i)
    if (i < count) logits[i * kWarp + threadIdx.x / 4].v[threadIdx.x % 4] = logit[i];
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % kWarp, n = lane_entries(a.vocabulary, first);
  const int64_t entry = first + lane * kLaneEntries;
  for (int i = static_cast<int>(threadIdx.x) / kWarp; i < count; i += kPiece / kWarp) {
    const DrawItem item = items[i];
    const FourFloats mine = logits[i * kWarp + lane];
    const PieceStatistics s = piece_statistics(mine, n, inverse_temperature(item));
    if (lane == 0) out.statistics[(at + i) * out.pieces + blockIdx.x] = s;
    if (is_cut(item)) {
      for (int j = 0; j < n; ++j) out.logits[(at + i) * a.vocabulary + entry + j] = mine.v[j];
    } else {
      const Best best = best_of_warp(best_of_four(item, mine, n, entry, 0));
      if (lane == 0) out.best[(at + i) * out.pieces + blockIdx.x] = best;
    }
  }
}

// A warp per item.
HONE_KERNEL(draw_rows)(DrawArgs a, DrawRows in) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * kCombineWarps + threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  if (at >= in.end - in.begin) return;
  const DrawItem item = a.items[in.begin + at];
  const RowStatistics s = combine_pieces(in.statistics + at * in.pieces, in.pieces);
  if (lane == 0) in.rows[at] = s;
  if (is_cut(item)) return;
  Best best{-1, 0, 0};
  for (int64_t piece = lane; piece < in.pieces; piece += kWarp)
    if (is_better(in.best[at * in.pieces + piece], best)) best = in.best[at * in.pieces + piece];
  best = best_of_warp(best);
  if (lane == 0) a.results[in.begin + at] = result_of(item, s, best);
}

// How many entries of a row have at least some rank, and their probability.
struct Mass {
  int64_t count;
  double probability;
};

// By all threads of the block; masses: shared, one a thread. Begins and ends with a barrier.
HONE_DEVICE Mass mass_from(uint32_t rank, const float* logits, int64_t vocabulary, const RowStatistics& s,
                           float inverse, Mass* masses) {
  const int tid = static_cast<int>(threadIdx.x);
  Mass mass{0, 0};
  for (int64_t v = tid; v < vocabulary; v += kCutThreads) {
    if (rank_of(logits[v]) < rank) continue;
    ++mass.count;
    mass.probability += exponential(target_logprob(s, logits[v], inverse));
  }
  __syncthreads();
  masses[tid] = mass;
  for (int half = kCutThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (tid >= half) continue;
    masses[tid].count += masses[tid + half].count;
    masses[tid].probability += masses[tid + half].probability;
  }
  __syncthreads();
  return masses[0];
}

// The smallest rank that top-k and top-p let pass: logits of equal value pass together.
HONE_DEVICE uint32_t cutoff(const DrawItem& item, const float* logits, int64_t vocabulary, const RowStatistics& s,
                            Mass* masses) {
  uint32_t rank = 0;
  for (uint32_t bit = 0x80000000u; bit > 0; bit >>= 1) {
    const Mass mass = mass_from(rank | bit, logits, vocabulary, s, inverse_temperature(item), masses);
    const bool enough = (item.top_k > 0 && mass.count >= item.top_k) ||
                        (item.top_p < 1 && mass.probability >= static_cast<double>(item.top_p));
    if (enough) rank |= bit;
  }
  return rank;
}

// One block of threads per item; those without a cut have been drawn.
HONE_KERNEL(draw_cut_rows)(DrawArgs a, DrawRows in) {
  HONE_SHARED(Mass, masses, kCutThreads);
  HONE_SHARED(Best, bests, kCutThreads / kWarp);
  const int64_t at = blockIdx.x;
  const DrawItem item = a.items[in.begin + at];
  if (!is_cut(item)) return;
  const RowStatistics s = in.rows[at];
  const float* logits = in.logits + at * a.vocabulary;
  const uint32_t lowest = cutoff(item, logits, a.vocabulary, s, masses);
  Best best{-1, 0, 0};
  for (int64_t first = static_cast<int64_t>(threadIdx.x) * 4; first < a.vocabulary; first += kCutThreads * 4) {
    const int n = static_cast<int>(a.vocabulary - first < 4 ? a.vocabulary - first : 4);
    FourFloats mine = {};
    for (int i = 0; i < n; ++i) mine.v[i] = logits[first + i];
    const Best one = best_of_four(item, mine, n, first, lowest);
    if (is_better(one, best)) best = one;
  }
  best = best_of_warp(best);
  if (threadIdx.x % kWarp == 0) bests[threadIdx.x / kWarp] = best;
  __syncthreads();
  if (threadIdx.x > 0) return;
  for (int i = 1; i < kCutThreads / kWarp; ++i)
    if (is_better(bests[i], best)) best = bests[i];
  a.results[in.begin + at] = result_of(item, s, best);
}

}  // namespace

template <class C>
void draw(const DrawArgs& a, const Stream& stream) {
  const int64_t pieces = div_up(a.vocabulary, kPiece), most = std::min(a.count, kItems);
  DrawRows rows{0, 0, pieces, scratch<PieceStatistics>(stream, most * pieces), scratch<Best>(stream, most * pieces),
                scratch<RowStatistics>(stream, most), scratch<float>(stream, most * a.vocabulary)};
  for (; rows.begin < a.count; rows.begin = rows.end) {
    rows.end = std::min(a.count, rows.begin + most);
    const int64_t n = rows.end - rows.begin;
    HONE_LAUNCH(stream, Dim3(pieces, div_up(n, kPieceRows)), kPiece, draw_pieces<C>, a, rows);
    HONE_LAUNCH(stream, div_up(n, kCombineWarps), kCombineWarps * kWarp, draw_rows, a, rows);
    HONE_LAUNCH(stream, n, kCutThreads, draw_cut_rows, a, rows);
  }
}

template void draw<float>(const DrawArgs&, const Stream&);
template void draw<uint16_t>(const DrawArgs&, const Stream&);

}  // namespace hone::kernels::cuda
