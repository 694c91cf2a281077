// What token_logprob and draw share on the device: logits of a tile of rows and a piece of the vocabulary, and the
// statistics of a row by pieces. Both run these functions on the same pieces, so what the sampler records equals what
// the trainer computes.
#pragma once

#include <limits>

#include "kernels/cuda/dialect_reduce.h"
#include "kernels/cuda/four_floats.h"
#include "kernels/cuda/panels.h"

namespace hone::kernels::cuda {

inline constexpr int kPiece = 128;         // entries of the vocabulary that one block of threads takes, one a thread
inline constexpr int kPieceRows = 16;      // rows that it takes
inline constexpr int kLaneEntries = 4;     // of a piece, one after another: a lane of the warp that has the row
inline constexpr int kDepthStep = 8;       // of the hidden dimension
inline constexpr int kHiddenDepth = 64;    // that lies in shared memory at a time
static_assert(kPiece == kWarp * kLaneEntries && kPiece % kPanelCols == 0);

inline constexpr float kLowest = -std::numeric_limits<float>::infinity();

inline constexpr int kStagedHidden = kPieceRows * kHiddenDepth / 4;  // FourFloats

// Column `col` of a panel from row k on, kDepthStep rows; zero from row `depth` on.
HONE_DEVICE void load_column(const float* panel, int64_t k, int64_t depth, int64_t col, float (&to)[kDepthStep]) {
  for (int i = 0; i < kDepthStep; ++i) to[i] = k + i < depth ? panel[panel_offset<float>(k + i, col)] : 0.0f;
}

// The panel is padded, so whole runs of k are there.
HONE_DEVICE void load_column(const uint16_t* panel, int64_t k, int64_t, int64_t col, float (&to)[kDepthStep]) {
  struct alignas(16) Run {
    uint16_t v[kDepthStep];
  };
  static_assert(kPanelRun<uint16_t> == kDepthStep);
  const Run run = *reinterpret_cast<const Run*>(panel + panel_offset<uint16_t>(k, col));
  for (int i = 0; i < kDepthStep; ++i) to[i] = to_float(run.v[i]);
}

// logit[i] of rows row(0), ..., row(count - 1) (pointers to `cols` values) and this thread's entry of the piece, each
// one chain over cols; staged: shared. Begins with a barrier.
template <class C, class Row>
HONE_DEVICE void multiply_piece(int count, int64_t cols, const void* panels, int64_t vocabulary, int64_t first,
                                const Row& row, FourFloats* staged, float (&logit)[kPieceRows]) {
  const int64_t entry = first + threadIdx.x;
  const C* panel = static_cast<const C*>(panels) + entry / kPanelCols * panel_size<C>(cols);
  for (float& x : logit) x = 0;
  for (int64_t k0 = 0; k0 < cols; k0 += kHiddenDepth) {
    const int depth = static_cast<int>(cols - k0 < kHiddenDepth ? cols - k0 : kHiddenDepth);
    __syncthreads();
    for (int e = static_cast<int>(threadIdx.x); e < count * kHiddenDepth; e += kPiece) {
      const int i = e / kHiddenDepth, k = e % kHiddenDepth;
      staged[e / 4].v[e % 4] = k < depth ? to_float(to_element<C>(row(i)[k0 + k])) : 0.0f;
    }
    __syncthreads();
    if (entry >= vocabulary) continue;
    for (int k = 0; k < depth; k += kDepthStep) {
      float y[kDepthStep];
      load_column(panel, k0 + k, cols, entry % kPanelCols, y);
      for (int i = 0; i < kPieceRows; ++i) {
        if (i >= count) continue;
        const FourFloats *x = staged + (i * kHiddenDepth + k) / 4, low = x[0], high = x[1];
        for (int j = 0; j < 4; ++j) logit[i] = __fmaf_rn(low.v[j], y[j], logit[i]);
        for (int j = 0; j < 4; ++j) logit[i] = __fmaf_rn(high.v[j], y[4 + j], logit[i]);
      }
    }
  }
}

// Of z = logits * inverse_temperature over a piece of the vocabulary.
struct PieceStatistics {
  float maximum;   // of z
  float sum;       // sum exp(z - maximum)
  float weighted;  // sum exp(z - maximum) (z - maximum)
};

struct RowStatistics {
  float maximum;  // of z
  float log_sum;  // log sum exp(z - maximum)
  float mean;     // sum p (z - maximum)
};

// By one warp, whose lane has entries [0, n) of `logit`.
HONE_DEVICE PieceStatistics piece_statistics(const FourFloats& logit, int n, float inverse_temperature) {
  float top = kLowest;
  for (int i = 0; i < n; ++i) top = largest(logit.v[i] * inverse_temperature, top);
  top = warp_largest(top);
  float sum = 0, weighted = 0;
  for (int i = 0; i < n; ++i) {
    const float z = logit.v[i] * inverse_temperature - top, e = exponential(z);
    sum += e;
    weighted = __fmaf_rn(e, z, weighted);
  }
  return {top, warp_sum(sum), warp_sum(weighted)};
}

// All pieces of a row brought to their common maximum, by one warp; every lane gets the result.
HONE_DEVICE RowStatistics combine_pieces(const PieceStatistics* pieces, int64_t count) {
  const int64_t lane = threadIdx.x % kWarp;
  float top = kLowest, sum = 0, weighted = 0;
  for (int64_t i = lane; i < count; i += kWarp) top = largest(pieces[i].maximum, top);
  top = warp_largest(top);
  for (int64_t i = lane; i < count; i += kWarp) {
    const PieceStatistics piece = pieces[i];
    const float shift = piece.maximum - top, factor = exponential(shift);
    sum += factor * piece.sum;
    weighted += factor * (piece.weighted + shift * piece.sum);
  }
  sum = warp_sum(sum);
  return {top, logarithm(sum), warp_sum(weighted) / sum};
}

HONE_DEVICE float target_logprob(const RowStatistics& s, float logit, float inverse_temperature) {
  return logit * inverse_temperature - s.maximum - s.log_sum;
}

// Entries of the piece at `first` that exist, of those that this lane has.
HONE_DEVICE int lane_entries(int64_t vocabulary, int64_t first) {
  const int64_t left = vocabulary - first - static_cast<int64_t>(threadIdx.x % kWarp) * kLaneEntries;
  return static_cast<int>(left < 0 ? 0 : left < kLaneEntries ? left : kLaneEntries);
}

}  // namespace hone::kernels::cuda
