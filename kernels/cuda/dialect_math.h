// Conversions and functions of single numbers on the device. Included by dialect.h.
#pragma once

#include <cstdint>

#include "kernels/simd_math.h"

#ifdef __CUDACC__
#include "kernels/cuda/dialect_nvcc.h"
#else
#include "kernels/cuda/dialect_emulated.h"
#endif

namespace hone::kernels::cuda {

#ifdef __CUDACC__
HONE_DEVICE uint32_t bits_of(float x) { return __float_as_uint(x); }
HONE_DEVICE float float_of(uint32_t bits) { return __uint_as_float(bits); }
HONE_DEVICE float square_root(float x) { return __fsqrt_rn(x); }
HONE_DEVICE float nearest_integer(float x) { return rintf(x); }
#else
HONE_DEVICE uint32_t bits_of(float x) { return std::bit_cast<uint32_t>(x); }
HONE_DEVICE float float_of(uint32_t bits) { return std::bit_cast<float>(bits); }
HONE_DEVICE float square_root(float x) { return __builtin_sqrtf(x); }
HONE_DEVICE float nearest_integer(float x) { return __builtin_rintf(x); }
#endif

// To the nearest, ties to even; NaN stays NaN.
HONE_DEVICE uint16_t to_bf16(float x) {
  const uint32_t bits = bits_of(x);
  const uint32_t rounded = x != x ? bits | 0x400000u : bits + 0x7FFFu + (bits >> 16 & 1u);
  return static_cast<uint16_t>(rounded >> 16);
}

HONE_DEVICE float to_float(uint16_t bf16) { return float_of(static_cast<uint32_t>(bf16) << 16); }
HONE_DEVICE float to_float(float x) { return x; }

// To T: float as it is, uint16_t rounded to bf16.
template <class T>
HONE_DEVICE T to_element(float x) {
  if constexpr (std::is_same_v<T, uint16_t>)
    return to_bf16(x);
  else
    return x;
}

// The second where either is NaN, as the CPU's vectors have it.
HONE_DEVICE float largest(float a, float b) { return a > b ? a : b; }
HONE_DEVICE float smallest(float a, float b) { return a < b ? a : b; }

// One float with what kernels/simd_math.h asks of a vector, so that both sides have one source of exp and log.
struct F32x1 {
  float v;

  static HONE_MEMBER F32x1 set(float x) { return {x}; }
  friend HONE_MEMBER F32x1 operator+(F32x1 a, F32x1 b) { return {a.v + b.v}; }
  friend HONE_MEMBER F32x1 operator-(F32x1 a, F32x1 b) { return {a.v - b.v}; }
  friend HONE_MEMBER F32x1 operator*(F32x1 a, F32x1 b) { return {a.v * b.v}; }
  static HONE_MEMBER F32x1 fma(F32x1 a, F32x1 b, F32x1 c) { return {__fmaf_rn(a.v, b.v, c.v)}; }
  static HONE_MEMBER F32x1 fnma(F32x1 a, F32x1 b, F32x1 c) { return {__fmaf_rn(-a.v, b.v, c.v)}; }
  static HONE_MEMBER F32x1 max(F32x1 a, F32x1 b) { return {largest(a.v, b.v)}; }
  static HONE_MEMBER F32x1 min(F32x1 a, F32x1 b) { return {smallest(a.v, b.v)}; }
  static HONE_MEMBER F32x1 round(F32x1 a) { return {nearest_integer(a.v)}; }
  static HONE_MEMBER F32x1 select_less(F32x1 x, F32x1 y, F32x1 a, F32x1 b) { return x.v < y.v ? b : a; }
  static HONE_MEMBER F32x1 scale2(F32x1 a, F32x1 n) {
    const int whole = static_cast<int>(n.v), half = whole >> 1;
    return {a.v * power2(half) * power2(whole - half)};
  }
  static HONE_MEMBER void split(F32x1 x, F32x1& mantissa, F32x1& exponent) {
    const uint32_t bits = bits_of(x.v);
    mantissa.v = float_of((bits & 0x007FFFFFu) | 0x3F000000u);
    exponent.v = static_cast<float>(static_cast<int>(bits >> 23) - 126);
  }

 private:
  static HONE_MEMBER float power2(int n) { return float_of(static_cast<uint32_t>(n + 127) << 23); }
};

// As kernels/simd_math.h says.
HONE_DEVICE float exponential(float x) { return vexp(F32x1{x}).v; }
HONE_DEVICE float logarithm(float x) { return vlog(F32x1{x}).v; }

HONE_DEVICE float sigmoid(float x) { return 1.0f / (1.0f + exponential(0.0f - x)); }

}  // namespace hone::kernels::cuda
