// Packed panels (kernels/gemm.h) as the CUDA backends keep them.
//
// f32: [K][64]: a row is 256 bytes, which a warp loads with two wide accesses.
// bf16: [K' / 8][64][8], K' a multiple of 16. Eight k of one column are 16 bytes, and those of eight columns lie one
// after another: the core matrix of 8 x 16 bytes that Hopper's wgmma reads from shared memory without swizzling (PTX
// ISA, "Asynchronous warpgroup level matrix shared memory layout").
//
// Any run of k of a panel, from a multiple of 16, is one contiguous piece: for plain loads and for bulk copies alike.
#pragma once

#include <cstdint>

#include "kernels/cuda/dialect.h"

namespace hone::kernels::cuda {

inline constexpr int kPanelCols = 64;

// Backend::panel_depth.
template <class Compact>
inline constexpr int kPanelDepth = sizeof(Compact) == 2 ? 16 : 1;

// Successive k of one column that lie together.
template <class Compact>
inline constexpr int kPanelRun = sizeof(Compact) == 2 ? 8 : 1;

// Where element (k, col) of a panel lies, col < kPanelCols.
template <class Compact>
HONE_HOST_DEVICE int64_t panel_offset(int64_t k, int64_t col) {
  constexpr int64_t kRun = kPanelRun<Compact>;
  return (k / kRun * kPanelCols + col) * kRun + k % kRun;
}

// Elements of one panel with k rows.
template <class Compact>
HONE_HOST_DEVICE int64_t panel_size(int64_t k) {
  constexpr int64_t kDepth = kPanelDepth<Compact>;
  return (k + kDepth - 1) / kDepth * kDepth * kPanelCols;
}

}  // namespace hone::kernels::cuda
