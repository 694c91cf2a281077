#include <algorithm>

#include "kernels/cuda/gemm.h"
#include "kernels/cuda/token_logprob.h"
#include "kernels/cuda/token_logprob_tile.h"

namespace hone::kernels::cuda {
namespace {

constexpr int64_t kRows = 2048;     // whose gradients are worked on at a time,
constexpr int64_t kEntries = 2048;  // for as many entries of the vocabulary
constexpr int kThreads = 128;
constexpr int64_t kRowSets = 16;    // of hidden rows that are added to at the same time
static_assert(kEntries % kPiece == 0 && kEntries % kPanelDepth<uint16_t> == 0);

// x [n][cols] = hidden[row[begin]], hidden[row[begin + 1]], ...: one block of threads each.
HONE_KERNEL(take_hidden)(TokenLogprobArgs f, int64_t begin, float* x) {
  const int64_t i = blockIdx.x;
  const float* from = static_cast<const float*>(f.hidden) + f.row[begin + i] * f.cols;
  for (int64_t c = threadIdx.x; c < f.cols; c += kThreads) x[i * f.cols + c] = from[c];
}

// Entries [first, first + count) of the vocabulary for targets [begin, begin + n).
struct DlogitsPiece {
  int64_t begin, n, first, count;
};

// dlogits [n][count] of a piece: dlogprob (onehot - p) + dentropy (-p (log p + entropy)), times the inverse
// temperature.
template <class C>
HONE_KERNEL(take_dlogits)(TokenLogprobBackwardArgs a, DlogitsPiece piece, const float* x, float* dlogits) {
  HONE_SHARED(FourFloats, staged, kStagedHidden);
  const TokenLogprobArgs& f = a.forward;
  const int64_t at = static_cast<int64_t>(blockIdx.y) * kPieceRows;
  const int64_t first = piece.first + static_cast<int64_t>(blockIdx.x) * kPiece, entry = first + threadIdx.x;
  const int count = static_cast<int>(piece.n - at < kPieceRows ? piece.n - at : kPieceRows);
  const auto row = [&](int i) { return x + (at + i) * f.cols; };
  float logit[kPieceRows];
  multiply_piece<C>(count, f.cols, f.panels, f.vocabulary, first, row, staged, logit);
  if (entry >= f.vocabulary) return;
  const float inverse = static_cast<float>(f.inverse_temperature);
  for (int i = 0; i < count; ++i) {
    const int64_t target = piece.begin + at + i;
    const float dlogprob = static_cast<const float*>(a.dlogprob)[target];
    const float dentropy = a.dentropy ? static_cast<const float*>(a.dentropy)[target] : 0.0f;
    const float log_p = logit[i] * inverse - static_cast<const float*>(f.log_normalizer)[target];
    const float log_p_entropy = log_p + static_cast<const float*>(f.entropy)[target];
    const float d = (0.0f - exponential(log_p) * (dlogprob + dentropy * log_p_entropy)) * inverse;
    dlogits[(at + i) * piece.count + entry - piece.first] = f.target[target] == entry ? d + dlogprob * inverse : d;
  }
}

// dhidden[row[i]] += dx[i], in order of i: a thread has one column of all rows of its set.
HONE_KERNEL(add_to_rows)(const int32_t* row, int64_t n, int64_t cols, const float* dx, float* dhidden) {
  const int64_t c = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (c >= cols) return;
  for (int64_t i = 0; i < n; ++i)
    if (row[i] % kRowSets == blockIdx.y) dhidden[row[i] * cols + c] += dx[i * cols + c];
}

struct Rows {
  float *x, *dx, *dlogits;
};

// dx starts with the first entries and is added to by the others.
template <class C>
void backward_piece(const TokenLogprobBackwardArgs& a, const DlogitsPiece& piece, const Rows& rows,
                    const Stream& stream) {
  const TokenLogprobArgs& f = a.forward;
  HONE_LAUNCH(stream, Dim3(div_up(piece.count, kPiece), div_up(piece.n, kPieceRows)), kPiece, take_dlogits<C>, a, piece,
              rows.x, rows.dlogits);
  GemmArgs g;
  g.x = rows.dlogits;
  g.x_stride = g.k = piece.count;
  g.panels = static_cast<const C*>(a.panels_grad) + piece.first * kPanelCols;
  g.panel_stride = panel_size<C>(f.vocabulary);
  g.y = rows.dx;
  g.y_stride = g.start_stride = g.n = f.cols;
  g.m = piece.n;
  g.start = piece.first > 0 ? rows.dx : nullptr;
  gemm<C>(g, stream);
  gemm_grad_weight<C>({rows.dlogits, piece.count, rows.x, f.cols, static_cast<float*>(a.dhead) + piece.first * f.cols,
                       f.cols, piece.n, piece.count, f.cols},
                      stream);
}

}  // namespace

template <class C>
void token_logprob_backward(const TokenLogprobBackwardArgs& a, const Stream& stream) {
  const TokenLogprobArgs& f = a.forward;
  if (f.count == 0) return;
  const int64_t most = std::min(f.count, kRows);
  const Rows rows{scratch<float>(stream, most * f.cols), scratch<float>(stream, most * f.cols),
                  scratch<float>(stream, most * std::min(f.vocabulary, kEntries))};
  for (int64_t begin = 0; begin < f.count; begin += kRows) {
    const int64_t n = std::min(f.count - begin, kRows);
    HONE_LAUNCH(stream, n, kThreads, take_hidden, f, begin, rows.x);
    for (int64_t first = 0; first < f.vocabulary; first += kEntries)
      backward_piece<C>(a, {begin, n, first, std::min(f.vocabulary - first, kEntries)}, rows, stream);
    HONE_LAUNCH(stream, Dim3(div_up(f.cols, kThreads), kRowSets), kThreads, add_to_rows, f.row + begin, n, f.cols,
                rows.dx, static_cast<float*>(a.dhidden));
  }
}

template void token_logprob_backward<float>(const TokenLogprobBackwardArgs&, const Stream&);
template void token_logprob_backward<uint16_t>(const TokenLogprobBackwardArgs&, const Stream&);

}  // namespace hone::kernels::cuda
