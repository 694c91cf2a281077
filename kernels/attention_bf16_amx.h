// Products of attention_bf16_products.h on AMX tiles. One step takes 32 of k: the chains of the even and of the odd
// ones are added to each other and then to the sum, whatever the shape of the tile.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/attention_bf16_products.h"

namespace hone::kernels {

// Holds the thread's tiles while it lives. Tiles 0 to 3: sums [two of rows][two of columns]; 4, 5: a; 6, 7: b.
template <class Vector>
class TileProducts {
 public:
  using V = Vector;

  TileProducts() = default;
  ~TileProducts() { _tile_release(); }
  TileProducts(const TileProducts&) = delete;
  TileProducts& operator=(const TileProducts&) = delete;

  void multiply(const Bf16Product& p) {
    finish_stores(p.a);
    for (int64_t i = 0; i < p.rows; i += 32) {
      const int rest = static_cast<int>(p.rows - i);
      if (rest <= 16) {
        configure(rest, 0);
        for (int64_t j = 0; j < p.blocks; j += 4) flat(p, i, j);
      } else {
        configure(16, rest < 32 ? rest - 16 : 16);
        int64_t j = 0;
        for (; j + 2 <= p.blocks; j += 2) square<2>(p, i, j);
        if (j < p.blocks) square<1>(p, i, j);
      }
    }
  }

 private:
  // g++ 12 does not know that the intrinsics of tiles read memory.
  static void finish_stores(const void* p) { __asm__ volatile("" ::"r"(p) : "memory"); }

  // Rows of the first and of the second tile of a; none of the second: tile 5 is one of b.
  void configure(int first, int second) {
    if (first == first_ && second == second_) return;
    first_ = first;
    second_ = second;
    alignas(64) Shape shape;
    const int low = second > 0 ? second : first;
    const int rows[8] = {first, first, low, low, first, second > 0 ? second : 16, 16, 16};
    for (int i = 0; i < 8; ++i) {
      shape.row_bytes[i] = 64;
      shape.rows[i] = static_cast<uint8_t>(rows[i]);
    }
    finish_stores(&shape);
    _tile_loadconfig(&shape);
  }

  // Few rows: four sums at a time hide the latency of each.
  static void flat(const Bf16Product& p, int64_t row, int64_t block) {
    switch (p.blocks - block) {
      case 1:
        return flat<1>(p, row, block);
      case 2:
        return flat<2>(p, row, block);
      case 3:
        return flat<3>(p, row, block);
      default:
        return flat<4>(p, row, block);
    }
  }

  template <int J>
  static void flat(const Bf16Product& p, int64_t row, int64_t block) {
    const uint16_t *a = p.a + row * p.a_stride, *const *b = p.b + block;
    float* c = p.c + row * p.c_stride + block * 16;
    const int64_t a_bytes = p.a_stride * 2, c_bytes = p.c_stride * 4;
    if (p.add) {
      _tile_loadd(0, c, c_bytes);
      if constexpr (J > 1) _tile_loadd(1, c + 16, c_bytes);
      if constexpr (J > 2) _tile_loadd(2, c + 32, c_bytes);
      if constexpr (J > 3) _tile_loadd(3, c + 48, c_bytes);
    } else {
      _tile_zero(0);
      if constexpr (J > 1) _tile_zero(1);
      if constexpr (J > 2) _tile_zero(2);
      if constexpr (J > 3) _tile_zero(3);
    }
    for (int64_t k = 0; k < p.k; k += 32) {
      _tile_loadd(4, a + k, a_bytes);
      _tile_loadd(5, b[0] + k * 16, 64);
      _tile_dpbf16ps(0, 4, 5);
      if constexpr (J > 1) {
        _tile_loadd(6, b[1] + k * 16, 64);
        _tile_dpbf16ps(1, 4, 6);
      }
      if constexpr (J > 2) {
        _tile_loadd(7, b[2] + k * 16, 64);
        _tile_dpbf16ps(2, 4, 7);
      }
      if constexpr (J > 3) {
        _tile_loadd(5, b[3] + k * 16, 64);
        _tile_dpbf16ps(3, 4, 5);
      }
    }
    _tile_stored(0, c, c_bytes);
    if constexpr (J > 1) _tile_stored(1, c + 16, c_bytes);
    if constexpr (J > 2) _tile_stored(2, c + 32, c_bytes);
    if constexpr (J > 3) _tile_stored(3, c + 48, c_bytes);
  }

  // More than 16 rows by J blocks.
  template <int J>
  static void square(const Bf16Product& p, int64_t row, int64_t block) {
    const uint16_t *a0 = p.a + row * p.a_stride, *a1 = a0 + 16 * p.a_stride;
    const uint16_t *b0 = p.b[block], *b1 = J == 2 ? p.b[block + 1] : nullptr;
    float *c0 = p.c + row * p.c_stride + block * 16, *c1 = c0 + 16 * p.c_stride;
    const int64_t a_bytes = p.a_stride * 2, c_bytes = p.c_stride * 4;
    if (p.add) {
      _tile_loadd(0, c0, c_bytes);
      _tile_loadd(2, c1, c_bytes);
      if constexpr (J == 2) _tile_loadd(1, c0 + 16, c_bytes);
      if constexpr (J == 2) _tile_loadd(3, c1 + 16, c_bytes);
    } else {
      _tile_zero(0);
      _tile_zero(2);
      if constexpr (J == 2) _tile_zero(1);
      if constexpr (J == 2) _tile_zero(3);
    }
    for (int64_t k = 0; k < p.k; k += 32) {
      _tile_loadd(6, b0 + k * 16, 64);
      _tile_loadd(4, a0 + k, a_bytes);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (J == 2) {
        _tile_loadd(7, b1 + k * 16, 64);
        _tile_dpbf16ps(1, 4, 7);
      }
      _tile_loadd(5, a1 + k, a_bytes);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (J == 2) _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c0, c_bytes);
    _tile_stored(2, c1, c_bytes);
    if constexpr (J == 2) _tile_stored(1, c0 + 16, c_bytes);
    if constexpr (J == 2) _tile_stored(3, c1 + 16, c_bytes);
  }

  struct Shape {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
  };
  int first_ = 0, second_ = 0;
};

}  // namespace hone::kernels
