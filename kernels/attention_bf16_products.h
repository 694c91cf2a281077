// Small products of bf16 matrices with f32 sums, for the CPU's attention. An engine E has a vector type V and
// multiply(); a task makes its own engine. Every engine has one order over k for every shape, so a row of the result
// does not depend on the others.
#pragma once

#include <cstdint>

namespace hone::kernels {

// c (+)= a b. a [rows][k] row-major. b in blocks of 16 columns, each [k / 2][16][2] in one piece and aligned to 64
// bytes. k is a multiple of 32; c has a row for each row of a and 16 columns for each block.
struct Bf16Product {
  const uint16_t* a;
  int64_t a_stride;
  int64_t rows;
  const uint16_t* const* b;  // [blocks]
  int64_t blocks;
  int64_t k;
  float* c;
  int64_t c_stride;
  bool add = false;
};

// By vector instructions; P as in gemm_bf16_vector.h, kRows rows of sums at a time.
template <class P, int kRows>
struct VectorProducts {
  using V = typename P::V;

  static void multiply(const Bf16Product& p) {
    for (int64_t j = 0; j < p.blocks; ++j) {
      int64_t i = 0;
      for (; i + kRows <= p.rows; i += kRows) rows<kRows>(p, i, j);
      for (; i + 2 <= p.rows; i += 2) rows<2>(p, i, j);
      if (i < p.rows) rows<1>(p, i, j);
    }
  }

 private:
  template <int R>
  static void rows(const Bf16Product& p, int64_t row, int64_t block) {
    constexpr int W = V::kWidth, kVectors = 16 / W;
    const uint16_t *a = p.a + row * p.a_stride, *b = p.b[block];
    float* c = p.c + row * p.c_stride + block * 16;
    V acc[R][kVectors];
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i)
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) acc[i][j] = p.add ? V::load(c + i * p.c_stride + j * W) : V::set(0);
    for (int64_t k = 0; k < p.k; k += 2, a += 2, b += 32) {
      typename P::Pairs x[kVectors];
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) x[j] = P::load(b + j * 2 * W);
#pragma GCC unroll 16
      for (int i = 0; i < R; ++i)
#pragma GCC unroll 2
        for (int j = 0; j < kVectors; ++j) acc[i][j] = P::dot(acc[i][j], P::set(a + i * p.a_stride), x[j]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i)
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) acc[i][j].store(c + i * p.c_stride + j * W);
  }
};

}  // namespace hone::kernels
