// Rotary position embedding (Su et al., 2021), in place.
#pragma once

#include <cstdint>

namespace hone::kernels {

enum class RopeLayout {
  kInterleaved,  // pairs (2i, 2i + 1): DeepSeek
  kHalfSplit,    // pairs (i, i + dim / 2): Llama, Qwen
};

// Row r, head h, element i at x + r * stride + h * head_stride + i, i < dim, dim even. The pair i of row r turns by the angle
// whose cosine and sine are table[positions[r] * dim + 2 * i] and the next. inverse turns back: the backward of the rotation.
struct RopeArgs {
  void* x = nullptr;
  int64_t stride = 0, head_stride = 0;
  int64_t rows = 0, heads = 0, dim = 0;
  const int32_t* positions = nullptr;
  const void* table = nullptr;  // [positions, dim / 2, 2]
  RopeLayout layout = RopeLayout::kInterleaved;
  bool inverse = false;
};

}  // namespace hone::kernels
