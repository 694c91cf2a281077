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

  TileProducts() { configure(16, 16); }
  ~TileProducts() { _tile_release(); }
  TileProducts(const TileProducts&) = delete;
  TileProducts& operator=(const TileProducts&) = delete;

  void multiply(const Bf16Product& p) {
    finish_stores(p.a);
    const int64_t whole = p.rows / 32 * 32;
    for (int64_t i = 0; i < p.rows; i += 32) {
      const int rest = static_cast<int>(p.rows - i);
      configure(rest < 16 ? rest : 16, rest > 16 && i == whole ? rest - 16 : 16);
      int64_t j = 0;
      for (; j + 2 <= p.blocks; j += 2) rest > 16 ? tiles<2, 2>(p, i, j) : tiles<1, 2>(p, i, j);
      if (j < p.blocks) rest > 16 ? tiles<2, 1>(p, i, j) : tiles<1, 1>(p, i, j);
    }
  }

 private:
  // g++ 12 does not know that the intrinsics of tiles read memory.
  static void finish_stores(const void* p) { __asm__ volatile("" ::"r"(p) : "memory"); }

  void configure(int first, int second) {
    if (first == first_ && second == second_) return;
    first_ = first;
    second_ = second;
    alignas(64) Shape shape;
    const int rows[8] = {first, first, second, second, first, second, 16, 16};
    for (int i = 0; i < 8; ++i) {
      shape.row_bytes[i] = 64;
      shape.rows[i] = static_cast<uint8_t>(rows[i]);
    }
    finish_stores(&shape);
    _tile_loadconfig(&shape);
  }

  template <int I, int J>
  static void tiles(const Bf16Product& p, int64_t row, int64_t block) {
    const uint16_t *a0 = p.a + row * p.a_stride, *a1 = a0 + 16 * p.a_stride;
    const uint16_t *b0 = p.b[block], *b1 = J == 2 ? p.b[block + 1] : nullptr;
    float *c0 = p.c + row * p.c_stride + block * 16, *c1 = c0 + 16 * p.c_stride;
    const int64_t a_bytes = p.a_stride * 2, c_bytes = p.c_stride * 4;
    if (p.add) {
      _tile_loadd(0, c0, c_bytes);
      if constexpr (J == 2) _tile_loadd(1, c0 + 16, c_bytes);
      if constexpr (I == 2) _tile_loadd(2, c1, c_bytes);
      if constexpr (I == 2 && J == 2) _tile_loadd(3, c1 + 16, c_bytes);
    } else {
      _tile_zero(0);
      if constexpr (J == 2) _tile_zero(1);
      if constexpr (I == 2) _tile_zero(2);
      if constexpr (I == 2 && J == 2) _tile_zero(3);
    }
    for (int64_t k = 0; k < p.k; k += 32) {
      _tile_loadd(6, b0 + k * 16, 64);
      _tile_loadd(4, a0 + k, a_bytes);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (J == 2) {
        _tile_loadd(7, b1 + k * 16, 64);
        _tile_dpbf16ps(1, 4, 7);
      }
      if constexpr (I == 2) {
        _tile_loadd(5, a1 + k, a_bytes);
        _tile_dpbf16ps(2, 5, 6);
        if constexpr (J == 2) _tile_dpbf16ps(3, 5, 7);
      }
    }
    _tile_stored(0, c0, c_bytes);
    if constexpr (J == 2) _tile_stored(1, c0 + 16, c_bytes);
    if constexpr (I == 2) _tile_stored(2, c1, c_bytes);
    if constexpr (I == 2 && J == 2) _tile_stored(3, c1 + 16, c_bytes);
  }

  struct Shape {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
  };
  int first_ = 0, second_ = 0;
};

}  // namespace hone::kernels
