// Rotary position embedding (Su et al., 2021), in place.
#pragma once

#include <cstdint>

namespace hone::kernels {

enum class RopeLayout {
  kInterleaved,  // pairs (2i, 2i + 1): DeepSeek
  kHalfSplit,    // pairs (i, i + dim / 2): Llama, Qwen
};

// Row r, head h, element i at x + r * stride + h * head_stride + i, i < dim, dim even. Element i becomes
// x[i] * cosine[i] + x[partner of i] * sine[i]. inverse turns back: the backward of the rotation.
//
// Table of a position p: cosines of the dim elements at table + 2 * p * dim, then their sines, those of a pair's first
// element negative.
struct RopeArgs {
  void* x = nullptr;
  int64_t stride = 0, head_stride = 0;
  int64_t rows = 0, heads = 0, dim = 0;
  const int32_t* positions = nullptr;
  const void* table = nullptr;  // [positions, 2, dim]
  RopeLayout layout = RopeLayout::kInterleaved;
  bool inverse = false;
};

}  // namespace hone::kernels
