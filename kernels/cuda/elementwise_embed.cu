#include "kernels/cuda/dialect.h"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/panels.h"
#include "kernels/cuda/rows.h"

namespace hone::kernels::cuda {
namespace {

// A block has a row.
template <class Compact>
HONE_KERNEL(embed_row)(EmbedArgs e) {
  const int64_t row = blockIdx.x, token = e.tokens[row];
  float* out = static_cast<float*>(e.out) + row * e.cols;
  if (e.table) {
    const Compact* from = static_cast<const Compact*>(e.table) + token * e.cols;
    for_columns(e.cols, [&](int64_t i) { out[i] = to_float(from[i]); });
    return;
  }
  const Compact* panel = static_cast<const Compact*>(e.panels) + token / kPanelCols * panel_size<Compact>(e.cols);
  for_columns(e.cols, [&](int64_t i) { out[i] = to_float(panel[panel_offset<Compact>(i, token % kPanelCols)]); });
}

inline constexpr int kThreads = 128, kWarps = kThreads / kWarp;

// Which of the rows first, ..., first + 127, before `end`, have the token: a bit each. For all threads of the block.
HONE_DEVICE void find_rows(const EmbedBackwardArgs& e, int64_t first, int64_t end, int32_t token, uint32_t* found) {
  const int64_t row = first + threadIdx.x;
  const uint32_t rows = __ballot_sync(~0u, row < end && e.tokens[row] == token);
  __syncthreads();
  if (threadIdx.x % kWarp == 0) found[threadIdx.x / kWarp] = rows;
  __syncthreads();
}

// A block has a row and, where it is the first of its token, adds all rows of the token in order.
HONE_KERNEL(embed_backward_token)(EmbedBackwardArgs e) {
  HONE_SHARED(uint32_t, found, kWarps);
  const int64_t row = blockIdx.x;
  const int32_t token = e.tokens[row];
  for (int64_t first = 0; first < row; first += kThreads) {
    find_rows(e, first, row, token, found);
    for (int w = 0; w < kWarps; ++w)
      if (found[w]) return;
  }
  float* to = static_cast<float*>(e.dtable) + token * e.cols;
  for (int64_t first = row; first < e.rows; first += kThreads) {
    find_rows(e, first, e.rows, token, found);
    for (int i = 0; i < kThreads; ++i) {
      if (!(found[i / kWarp] >> i % kWarp & 1u)) continue;
      const float* from = static_cast<const float*>(e.dout) + (first + i) * e.cols;
      for_columns(e.cols, [&](int64_t c) { to[c] += from[c]; });
    }
  }
}

}  // namespace

template <class Compact>
void embed(const EmbedArgs& e, const Stream& stream) {
  HONE_LAUNCH(stream, e.rows, row_threads(e.cols), embed_row<Compact>, e);
}
template void embed<float>(const EmbedArgs&, const Stream&);
template void embed<uint16_t>(const EmbedArgs&, const Stream&);

void embed_backward(const EmbedBackwardArgs& e, const Stream& stream) {
  HONE_LAUNCH(stream, e.rows, kThreads, embed_backward_token, e);
}

}  // namespace hone::kernels::cuda
