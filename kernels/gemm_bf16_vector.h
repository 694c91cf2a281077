// Tiles of gemm_bf16_cpu.h by vector instructions: rows x panels accumulators in registers, one step per pair of k.
// P says how two pairs are multiplied:
//   P::V                      vector of floats
//   P::Pairs                  a vector of pairs, ready to be multiplied
//   P::load(p), P::set(p)     from 2 W values at p; from the two at p, for all lanes
//   P::dot(acc, a, b)         acc + a * b
#pragma once

#include <utility>

#include "kernels/gemm_bf16_cpu.h"

namespace hone::kernels {

// kPanels > 1 hides the latency of the chains where the rows are few.
template <class P, int R, int kPanels, bool kFull>
inline void bf16_vector_tile(const Bf16Tile& t) {
  using V = typename P::V;
  constexpr int W = V::kWidth, kVectors = 2 * kPanels, kThrees = (R + 2) / 3;
  const auto lanes = [&](int j) { return static_cast<int>(t.n - j * W < 0 ? 0 : t.n - j * W < W ? t.n - j * W : W); };
  V acc[R][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      const float* from = t.start + i * t.start_stride + j * W;
      acc[i][j] = !t.start ? V::set(0) : kFull ? V::load(from) : V::load_n(from, lanes(j));
    }
  const uint16_t* a[kThrees];
#pragma GCC unroll 16
  for (int g = 0; g < kThrees; ++g) a[g] = t.a + 3 * g * t.a_stride;
  const uint16_t* b = t.b;
  for (int64_t d = 0; d < t.depth; d += 2, b += 4 * W) {
    typename P::Pairs pairs[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) pairs[j] = P::load(b + j / 2 * t.panel_stride + j % 2 * 2 * W);
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) {
      const auto x = P::set(a[i / 3] + i % 3 * t.a_stride + d);
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; ++j) acc[i][j] = P::dot(acc[i][j], x, pairs[j]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      float* to = t.c + i * t.c_stride + j * W;
      if (kFull)
        acc[i][j].store(to);
      else if (lanes(j) > 0)
        acc[i][j].store_n(to, lanes(j));
    }
}

// An instruction set of gemm_bf16_cpu.h.
template <class P, int kRows>
struct VectorBf16 {
  using V = typename P::V;
  static constexpr int kTileRows = kRows, kPanelDepth = 2, kFewRows = kRows / 4;
  explicit VectorBf16(int) {}
  static int64_t panels_at_once(int64_t rows) { return rows <= kFewRows ? 4 : 1; }

  void tile(int rows, const Bf16Tile& t) const {
    constexpr int64_t kCols = 2 * V::kWidth;
    if (t.n == 4 * kCols && rows <= kFewRows)
      return call<4, true>(rows, t, std::make_integer_sequence<int, kFewRows>());
    Bf16Tile part = t;
    for (; part.n > 0; part.n -= kCols) {
      if (part.n >= kCols) {
        call<1, true>(rows, part, std::make_integer_sequence<int, kRows>());
      } else {
        call<1, false>(rows, part, std::make_integer_sequence<int, kRows>());
      }
      part.b += t.panel_stride;
      part.c += kCols;
      if (part.start) part.start += kCols;
    }
  }

 private:
  template <int kPanels, bool kFull, int... I>
  static void call(int rows, const Bf16Tile& t, std::integer_sequence<int, I...>) {
    using Kernel = void (*)(const Bf16Tile&);
    static constexpr Kernel kKernels[] = {bf16_vector_tile<P, I + 1, kPanels, kFull>...};
    kKernels[rows - 1](t);
  }
};

// Without bf16 instructions: acc + a.even * b.even, then + a.odd * b.odd, each fused.
template <class Vector>
struct WidenedPairs {
  using V = Vector;
  struct Pairs {
    V even, odd;
  };
  static Pairs load(const uint16_t* p) {
    Pairs out;
    V::unpack_pairs(V::load(reinterpret_cast<const float*>(p)), out.even, out.odd);
    return out;
  }
  static Pairs set(const uint16_t* p) {
    Pairs out;
    V::unpack_pairs(V::set(*reinterpret_cast<const float*>(p)), out.even, out.odd);
    return out;
  }
  static V dot(V acc, const Pairs& a, const Pairs& b) { return V::fma(a.odd, b.odd, V::fma(a.even, b.even, acc)); }
};

}  // namespace hone::kernels
