// Matrix products against packed weights.
//
// Every output element is one chain of fused multiply-adds over k = 0, 1, 2, ...: the order does not depend on the
// number of rows, so one row decoded alone equals the same row in a training batch. Parallelism comes from the tiles of
// the output. In bf16 the rows of x (of dy and x) are rounded as they are taken in, and the chain in f32 goes by pairs
// or blocks of k as the instruction set has it, the same for every number of rows.
//
// Packed panels of a matrix B [K, N]: panel p holds columns [p * C, p * C + C), C = Backend::panel_cols, as [K'][C], K'
// being K up to a multiple of D = Backend::panel_depth; columns beyond N and rows beyond K are zero. In bf16 two rows
// lie together: [K' / 2][C][2], on CUDA eight (kernels/cuda/panels.h). panel_elements(K, N, C, D) elements in all.
#pragma once

#include <cstdint>

namespace hone::kernels {

constexpr int64_t panel_elements(int64_t k, int64_t n, int64_t panel_cols, int64_t panel_depth) {
  return (k + panel_depth - 1) / panel_depth * panel_depth * ((n + panel_cols - 1) / panel_cols) * panel_cols;
}

// y [M, N] = x [M, K] * B, the chains starting from `start` [M, N] where it is given (it may be y). start_stride 0:
// every row starts from the same [N], a bias.
// Grouped: group g takes rows [offsets[g], offsets[g + 1]) and its own B, group_panel_stride elements after the one
// before.
struct GemmArgs {
  const void* x = nullptr;
  int64_t x_stride = 0;
  const void* panels = nullptr;  // compact
  void* y = nullptr;
  int64_t y_stride = 0;
  int64_t m = 0, n = 0, k = 0;
  const void* start = nullptr;
  int64_t start_stride = 0;
  const int32_t* offsets = nullptr;  // [num_groups + 1], on the host; nullptr: one group of m rows
  int32_t num_groups = 1;
  int64_t group_panel_stride = 0;
  int64_t panel_stride = 0;  // elements from panel to panel where they hold more rows of B than these k; 0: they do not
};

// dw [N, K] += dy [M, N]^T * x [M, K]: one chain over the rows m = 0, 1, 2, ..., starting from what dw holds.
// Grouped as above; dw of group g lies group_dw_stride elements after the one before.
struct GemmGradWeightArgs {
  const void* dy = nullptr;
  int64_t dy_stride = 0;
  const void* x = nullptr;
  int64_t x_stride = 0;
  void* dw = nullptr;
  int64_t dw_stride = 0;
  int64_t m = 0, n = 0, k = 0;
  const int32_t* offsets = nullptr;
  int32_t num_groups = 1;
  int64_t group_dw_stride = 0;
};

// Packs num_matrices matrices w [rows, cols], matrix_stride elements apart; their panels lie one after another.
// transpose: B = w^T, for y = x * w^T (w as [out, in]). Otherwise B = w, for dx = dy * w.
struct PackPanelsArgs {
  const void* w = nullptr;
  int64_t rows = 0, cols = 0;
  int64_t num_matrices = 1, matrix_stride = 0;
  void* panels = nullptr;  // compact
  bool transpose = true;
};

}  // namespace hone::kernels
