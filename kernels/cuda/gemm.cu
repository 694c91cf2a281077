#include "kernels/cuda/gemm.h"

#include "kernels/cuda/dialect.h"
#include "kernels/cuda/panels.h"

namespace hone::kernels::cuda {
namespace {

// What one access moves: 16 bytes at most.
template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Pack {
  T v[kCount];
};

template <class T>
using Wide = Pack<T, 16 / sizeof(T)>;

// A block computes kRows x kCols outputs in steps of kDepth terms; a thread has kThreadRows x kThreadCols of them. In
// shared memory both factors stand as [term][row or column]. The rows of x are written there against their order, so a
// line of them is padded to an odd number of 16 bytes: no two threads of a warp then meet in a bank.
template <int kTileRows, int kTileCols, int kTileDepth, int kRowsOfThread, int kColsOfThread>
struct OutputTile {
  static constexpr int kRows = kTileRows, kCols = kTileCols, kDepth = kTileDepth;
  static constexpr int kThreadRows = kRowsOfThread, kThreadCols = kColsOfThread;
  static constexpr int kThreadsAcross = kCols / kThreadCols, kThreads = kRows / kThreadRows * kThreadsAcross;
  static constexpr int kLeftLine = kRows / kThreadRows + 1, kRightLine = kCols / kThreadCols;  // in packs
  using Left = Pack<float, kThreadRows>;
  using Right = Pack<float, kThreadCols>;
  static_assert(kThreadRows == 4 && kRows / kThreadRows % 2 == 0 && kPanelCols % kCols == 0 && kDepth % 16 == 0);
};

using ManyRows = OutputTile<64, 64, 16, 4, 4>;
// Narrow and deep, so that a decode step has many blocks with many loads each under way. The chains are the same.
using FewRows = OutputTile<16, 16, 128, 4, 1>;
inline constexpr int64_t kFewRows = 16;

HONE_HOST_DEVICE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
HONE_HOST_DEVICE int64_t tiles(int64_t count, int64_t size) { return (count + size - 1) / size; }

// As a product in Compact takes it in.
template <class Compact>
HONE_DEVICE float rounded(float x) {
  return to_float(to_element<Compact>(x));
}

template <int kCount>
HONE_DEVICE void put(Pack<float, kCount>* line, int at, float x) {
  line[at / kCount].v[at % kCount] = x;
}

// Where a thread's outputs begin in the tile.
template <class Tile>
HONE_DEVICE int thread_row() {
  return static_cast<int>(threadIdx.x) / Tile::kThreadsAcross * Tile::kThreadRows;
}
template <class Tile>
HONE_DEVICE int thread_col() {
  return static_cast<int>(threadIdx.x) % Tile::kThreadsAcross * Tile::kThreadCols;
}

// sum += left * right, term after term.
template <class Tile>
HONE_DEVICE void multiply(const typename Tile::Left* left, const typename Tile::Right* right, int depth,
                          float (&sum)[Tile::kThreadRows][Tile::kThreadCols]) {
  left += thread_row<Tile>() / Tile::kThreadRows;
  right += thread_col<Tile>() / Tile::kThreadCols;
  for (int t = 0; t < depth; ++t) {
    const typename Tile::Left a = left[t * Tile::kLeftLine];
    const typename Tile::Right b = right[t * Tile::kRightLine];
    for (int i = 0; i < Tile::kThreadRows; ++i)
      for (int j = 0; j < Tile::kThreadCols; ++j) sum[i][j] = __fmaf_rn(a.v[i], b.v[j], sum[i][j]);
  }
}

// x [rows][depth], zero beyond them as far as threads with rows read. Eight threads read 32 bytes of a row.
template <class Tile, class Compact>
HONE_DEVICE void load_rows(const float* x, int64_t stride, int rows, int depth, typename Tile::Left* to) {
  const int64_t count = tiles(rows, Tile::kThreadRows) * Tile::kThreadRows * Tile::kDepth;
  for (int i = threadIdx.x; i < count; i += Tile::kThreads) {
    const int t = i / 32 % (Tile::kDepth / 8) * 8 + i % 8, row = i / 32 / (Tile::kDepth / 8) * 4 + i / 8 % 4;
    const float value = row < rows && t < depth ? x[row * stride + t] : 0.0f;
    put(to + t * Tile::kLeftLine, row, rounded<Compact>(value));
  }
}

// Terms [first, first + depth) of the tile's columns, which begin at `col` of the panel.
template <class Tile>
HONE_DEVICE void load_panel(const float* panel, int64_t first, int col, int depth, typename Tile::Right* to) {
  constexpr int kPacks = Tile::kCols / 4;
  for (int i = threadIdx.x; i < kPacks * depth; i += Tile::kThreads) {
    const int t = i / kPacks, at = i % kPacks * 4;
    const auto pack = *reinterpret_cast<const Wide<float>*>(panel + panel_offset<float>(first + t, col + at));
    for (int j = 0; j < 4; ++j) put(to + t * Tile::kRightLine, at + j, pack.v[j]);
  }
}

// The panel is padded, so whole runs of k are there.
template <class Tile>
HONE_DEVICE void load_panel(const uint16_t* panel, int64_t first, int col, int depth, typename Tile::Right* to) {
  constexpr int kRun = kPanelRun<uint16_t>;
  for (int i = threadIdx.x; i < tiles(depth, kRun) * Tile::kCols; i += Tile::kThreads) {
    const int t = i / Tile::kCols * kRun, at = i % Tile::kCols;
    const auto pack = *reinterpret_cast<const Wide<uint16_t>*>(panel + panel_offset<uint16_t>(first + t, col + at));
    for (int j = 0; j < kRun; ++j) put(to + (t + j) * Tile::kRightLine, at, to_float(pack.v[j]));
  }
}

// Rows [begin, end) of one group: what a block computes.
struct Rows {
  int64_t group, begin, end;
};

// The tile-th tile of rows; no tile spans two groups. The offsets are on the device here.
template <class Tile>
HONE_DEVICE Rows rows_of_tile(const GemmArgs& g, int64_t tile) {
  if (!g.offsets) return {0, tile * Tile::kRows, least(tile * Tile::kRows + Tile::kRows, g.m)};
  for (int32_t group = 0;; ++group) {
    const int64_t first = g.offsets[group], end = g.offsets[group + 1], begin = first + tile * Tile::kRows;
    if (begin < end) return {group, begin, least(begin + Tile::kRows, end)};
    tile -= tiles(end - first, Tile::kRows);
  }
}

template <class Compact, class Tile>
HONE_KERNEL(multiply_rows)(GemmArgs g) {
  using Left = typename Tile::Left;
  using Right = typename Tile::Right;
  HONE_SHARED(Left, left, Tile::kDepth * Tile::kLeftLine);
  HONE_SHARED(Right, right, Tile::kDepth * Tile::kRightLine);
  const Rows rows = rows_of_tile<Tile>(g, blockIdx.x);
  const int count = static_cast<int>(rows.end - rows.begin);
  const int64_t first_col = int64_t{blockIdx.y} * Tile::kCols;
  const auto* x = static_cast<const float*>(g.x) + rows.begin * g.x_stride;
  const auto* panel = static_cast<const Compact*>(g.panels) + rows.group * g.group_panel_stride +
                      first_col / kPanelCols * g.panel_stride;
  const int64_t row = rows.begin + thread_row<Tile>(), col = first_col + thread_col<Tile>();
  const auto* start = static_cast<const float*>(g.start);
  float sum[Tile::kThreadRows][Tile::kThreadCols];
  for (int i = 0; i < Tile::kThreadRows; ++i)
    for (int j = 0; j < Tile::kThreadCols; ++j)
      sum[i][j] = start && row + i < rows.end && col + j < g.n ? start[(row + i) * g.start_stride + col + j] : 0.0f;
  for (int64_t k = 0; k < g.k; k += Tile::kDepth) {
    const int depth = static_cast<int>(least(Tile::kDepth, g.k - k));
    load_rows<Tile, Compact>(x + k, g.x_stride, count, depth, left);
    load_panel<Tile>(panel, k, static_cast<int>(first_col % kPanelCols), depth, right);
    __syncthreads();
    if (row < rows.end) multiply<Tile>(left, right, depth, sum);
    __syncthreads();
  }
  for (int i = 0; i < Tile::kThreadRows; ++i)
    for (int j = 0; j < Tile::kThreadCols; ++j)
      if (row + i < rows.end && col + j < g.n) static_cast<float*>(g.y)[(row + i) * g.y_stride + col + j] = sum[i][j];
}

// x [depth][cols] into lines of a tile of kCols columns, zeros beyond them.
template <class Tile, class Compact, int kCount>
HONE_DEVICE void load_lines(const float* x, int64_t stride, int64_t cols, int depth, int line,
                            Pack<float, kCount>* to) {
  for (int i = threadIdx.x; i < Tile::kCols * depth; i += Tile::kThreads) {
    const int t = i / Tile::kCols, col = i % Tile::kCols;
    put(to + t * line, col, rounded<Compact>(col < cols ? x[t * stride + col] : 0.0f));
  }
}

template <class Compact>
HONE_KERNEL(add_grad_weight)(GemmGradWeightArgs g) {
  using Tile = ManyRows;
  HONE_SHARED(Tile::Left, left, Tile::kDepth * Tile::kLeftLine);
  HONE_SHARED(Tile::Right, right, Tile::kDepth * Tile::kRightLine);
  const int64_t group = blockIdx.z;
  const int64_t begin = g.offsets ? g.offsets[group] : 0, end = g.offsets ? g.offsets[group + 1] : g.m;
  if (begin == end) return;
  const int64_t first_row = int64_t{blockIdx.x} * Tile::kRows, first_col = int64_t{blockIdx.y} * Tile::kCols;
  const auto* dy = static_cast<const float*>(g.dy) + first_row;
  const auto* x = static_cast<const float*>(g.x) + first_col;
  const int64_t row = first_row + thread_row<Tile>(), col = first_col + thread_col<Tile>();
  float* dw = static_cast<float*>(g.dw) + group * g.group_dw_stride + row * g.dw_stride + col;
  float sum[Tile::kThreadRows][Tile::kThreadCols];
  for (int i = 0; i < Tile::kThreadRows; ++i)
    for (int j = 0; j < Tile::kThreadCols; ++j)
      sum[i][j] = row + i < g.n && col + j < g.k ? dw[i * g.dw_stride + j] : 0.0f;
  for (int64_t m = begin; m < end; m += Tile::kDepth) {
    const int depth = static_cast<int>(least(Tile::kDepth, end - m));
    load_lines<Tile, Compact>(dy + m * g.dy_stride, g.dy_stride, g.n - first_row, depth, Tile::kLeftLine, left);
    load_lines<Tile, Compact>(x + m * g.x_stride, g.x_stride, g.k - first_col, depth, Tile::kRightLine, right);
    __syncthreads();
    multiply<Tile>(left, right, depth, sum);
    __syncthreads();
  }
  for (int i = 0; i < Tile::kThreadRows; ++i)
    for (int j = 0; j < Tile::kThreadCols; ++j)
      if (row + i < g.n && col + j < g.k) dw[i * g.dw_stride + j] = sum[i][j];
}

inline constexpr int kPackThreads = 256, kPackDepth = 32;

// kPackDepth rows of one panel, through shared memory: both sides of the transpose move whole lines.
template <class Compact>
HONE_KERNEL(pack_piece)(PackPanelsArgs p) {
  constexpr int kLine = kPanelCols + 1, kRun = kPanelRun<Compact>;
  HONE_SHARED(float, piece, kPackDepth * kLine);
  const int64_t k = p.transpose ? p.cols : p.rows, n = p.transpose ? p.rows : p.cols;
  const int64_t panel = blockIdx.x, first_k = int64_t{blockIdx.y} * kPackDepth, matrix = blockIdx.z;
  const auto* w = static_cast<const float*>(p.w) + matrix * p.matrix_stride;
  for (int i = threadIdx.x; i < kPackDepth * kPanelCols; i += kPackThreads) {
    const int t = p.transpose ? i % kPackDepth : i / kPanelCols, c = p.transpose ? i / kPackDepth : i % kPanelCols;
    const int64_t row = first_k + t, col = panel * kPanelCols + c;
    piece[t * kLine + c] = row < k && col < n ? w[p.transpose ? col * p.cols + row : row * p.cols + col] : 0.0f;
  }
  __syncthreads();
  const int64_t size = panel_size<Compact>(k), depth = size / kPanelCols;
  auto* out = static_cast<Compact*>(p.panels) + (matrix * gridDim.x + panel) * size + first_k * kPanelCols;
  const int count = static_cast<int>(least(kPackDepth, depth - first_k)) * kPanelCols;
  for (int i = threadIdx.x; i < count; i += kPackThreads) {
    const int t = i / kRun / kPanelCols * kRun + i % kRun, c = i / kRun % kPanelCols;
    out[i] = to_element<Compact>(piece[t * kLine + c]);
  }
}

template <class Compact, class Tile>
void launch_gemm(const GemmArgs& g, const GemmArgs& on_device, const Stream& stream) {
  int64_t row_tiles = g.offsets ? 0 : tiles(g.m, Tile::kRows);
  for (int32_t group = 0; g.offsets && group < g.num_groups; ++group)
    row_tiles += tiles(g.offsets[group + 1] - g.offsets[group], Tile::kRows);
  const Dim3 grid{row_tiles, tiles(g.n, Tile::kCols)};
  HONE_LAUNCH(stream, grid, Tile::kThreads, (multiply_rows<Compact, Tile>), on_device);
}

}  // namespace

template <class Compact>
void gemm(const GemmArgs& g, const Stream& stream) {
  const int64_t rows = g.offsets ? g.offsets[g.num_groups] - g.offsets[0] : g.m;
  GemmArgs on_device = g;
  if (g.offsets) on_device.offsets = upload(stream, g.offsets, g.num_groups + 1);
  if (g.panel_stride == 0) on_device.panel_stride = panel_size<Compact>(g.k);
  if (rows <= kFewRows * g.num_groups)
    launch_gemm<Compact, FewRows>(g, on_device, stream);
  else
    launch_gemm<Compact, ManyRows>(g, on_device, stream);
}

template <class Compact>
void gemm_grad_weight(const GemmGradWeightArgs& g, const Stream& stream) {
  GemmGradWeightArgs on_device = g;
  if (g.offsets) on_device.offsets = upload(stream, g.offsets, g.num_groups + 1);
  const Dim3 grid{tiles(g.n, ManyRows::kRows), tiles(g.k, ManyRows::kCols), g.num_groups};
  HONE_LAUNCH(stream, grid, ManyRows::kThreads, add_grad_weight<Compact>, on_device);
}

template <class Compact>
void pack_panels(const PackPanelsArgs& p, const Stream& stream) {
  const int64_t k = p.transpose ? p.cols : p.rows, n = p.transpose ? p.rows : p.cols;
  const Dim3 grid{tiles(n, kPanelCols), tiles(k, kPackDepth), p.num_matrices};
  HONE_LAUNCH(stream, grid, kPackThreads, pack_piece<Compact>, p);
}

template void gemm<float>(const GemmArgs&, const Stream&);
template void gemm<uint16_t>(const GemmArgs&, const Stream&);
template void gemm_grad_weight<float>(const GemmGradWeightArgs&, const Stream&);
template void gemm_grad_weight<uint16_t>(const GemmGradWeightArgs&, const Stream&);
template void pack_panels<float>(const PackPanelsArgs&, const Stream&);
template void pack_panels<uint16_t>(const PackPanelsArgs&, const Stream&);

}  // namespace hone::kernels::cuda
