#include "kernels/cuda/token_logprob.h"

#include <algorithm>

#include "kernels/cuda/token_logprob_tile.h"

namespace hone::kernels::cuda {
namespace {

constexpr int64_t kRows = 1024;    // whose statistics exist at a time
constexpr int kCombineWarps = 4;   // rows that a block of threads combines

struct RowPieces {
  PieceStatistics* statistics;  // [rows][pieces]
  float* target_logit;          // [rows]
  int64_t pieces;
};

// Targets [begin, begin + kRows): one block of threads per piece and kPieceRows of them.
template <class C>
HONE_KERNEL(logprob_pieces)(TokenLogprobArgs a, int64_t begin, RowPieces out) {
  HONE_SHARED(FourFloats, staged, kStagedHidden);
  HONE_SHARED(FourFloats, logits, kPieceRows * kWarp);
  const int64_t at = static_cast<int64_t>(blockIdx.y) * kPieceRows, target = begin + at;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kPiece;
  const int count = static_cast<int>(a.count - target < kPieceRows ? a.count - target : kPieceRows);
  const auto* hidden = static_cast<const float*>(a.hidden);
  const auto row = [&](int i) { return hidden + a.row[target + i] * a.cols; };
  float logit[kPieceRows];
  multiply_piece<C>(count, a.cols, a.panels, a.vocabulary, first, row, staged, logit);
  for (int i = 0; i < kPieceRows; ++i)
    if (i < count) logits[i * kWarp + threadIdx.x / 4].v[threadIdx.x % 4] = logit[i];
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % kWarp, n = lane_entries(a.vocabulary, first);
  for (int i = static_cast<int>(threadIdx.x) / kWarp; i < count; i += kPiece / kWarp) {
    const FourFloats mine = logits[i * kWarp + lane];
    const PieceStatistics s = piece_statistics(mine, n, static_cast<float>(a.inverse_temperature));
    if (lane == 0) out.statistics[(at + i) * out.pieces + blockIdx.x] = s;
    const int64_t entry = a.target[target + i] - first - lane * kLaneEntries;
    if (entry >= 0 && entry < n) out.target_logit[at + i] = mine.v[entry];
  }
}

// A warp per target.
HONE_KERNEL(logprob_rows)(TokenLogprobArgs a, int64_t begin, int64_t end, RowPieces in) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * kCombineWarps + threadIdx.x / kWarp, i = begin + at;
  if (i >= end) return;
  const RowStatistics s = combine_pieces(in.statistics + at * in.pieces, in.pieces);
  if (threadIdx.x % kWarp > 0) return;
  static_cast<float*>(a.logprob)[i] =
      target_logprob(s, in.target_logit[at], static_cast<float>(a.inverse_temperature));
  static_cast<float*>(a.entropy)[i] = s.log_sum - s.mean;
  if (a.log_normalizer) static_cast<float*>(a.log_normalizer)[i] = s.maximum + s.log_sum;
}

}  // namespace

template <class C>
void token_logprob(const TokenLogprobArgs& a, const Stream& stream) {
  const int64_t pieces = div_up(a.vocabulary, kPiece), most = std::min(a.count, kRows);
  const RowPieces scratched{scratch<PieceStatistics>(stream, most * pieces), scratch<float>(stream, most), pieces};
  for (int64_t begin = 0; begin < a.count; begin += kRows) {
    const int64_t end = std::min(a.count, begin + kRows);
    HONE_LAUNCH(stream, Dim3(pieces, div_up(end - begin, kPieceRows)), kPiece, logprob_pieces<C>, a, begin, scratched);
    HONE_LAUNCH(stream, div_up(end - begin, kCombineWarps), kCombineWarps * kWarp, logprob_rows, a, begin, end,
                scratched);
  }
}

template void token_logprob<float>(const TokenLogprobArgs&, const Stream&);
template void token_logprob<uint16_t>(const TokenLogprobArgs&, const Stream&);

}  // namespace hone::kernels::cuda
