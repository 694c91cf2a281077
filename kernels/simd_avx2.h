// Vector of 8 floats, for cpu_avx2.cpp. Meanings as in simd_avx512.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace hone::kernels {
namespace {

struct F32x8 {
  using T = float;
  static constexpr int kWidth = 8;
  static constexpr int kTileRows = 6;  // with two vectors a row: 12 accumulators, 2 for B, 1 for A, of 16 registers
  __m256 v;

  static __m256i first(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static F32x8 load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static F32x8 load_n(const float* p, int n) { return {_mm256_maskload_ps(p, first(n))}; }
  static F32x8 set(float x) { return {_mm256_set1_ps(x)}; }
  void store(float* p) const { _mm256_storeu_ps(p, v); }
  void store_n(float* p, int n) const { _mm256_maskstore_ps(p, first(n), v); }

  friend F32x8 operator+(F32x8 a, F32x8 b) { return {_mm256_add_ps(a.v, b.v)}; }
  friend F32x8 operator-(F32x8 a, F32x8 b) { return {_mm256_sub_ps(a.v, b.v)}; }
  friend F32x8 operator*(F32x8 a, F32x8 b) { return {_mm256_mul_ps(a.v, b.v)}; }
  friend F32x8 operator/(F32x8 a, F32x8 b) { return {_mm256_div_ps(a.v, b.v)}; }
  static F32x8 fma(F32x8 a, F32x8 b, F32x8 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
  static F32x8 fnma(F32x8 a, F32x8 b, F32x8 c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
  static F32x8 max(F32x8 a, F32x8 b) { return {_mm256_max_ps(a.v, b.v)}; }
  static F32x8 min(F32x8 a, F32x8 b) { return {_mm256_min_ps(a.v, b.v)}; }
  static F32x8 sqrt(F32x8 a) { return {_mm256_sqrt_ps(a.v)}; }
  static F32x8 round(F32x8 a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
  static F32x8 fill_from(F32x8 a, int n, float x) {
    return {_mm256_blendv_ps(_mm256_set1_ps(x), a.v, _mm256_castsi256_ps(first(n)))};
  }
  static F32x8 select_less(F32x8 x, F32x8 y, F32x8 a, F32x8 b) {
    return {_mm256_blendv_ps(a.v, b.v, _mm256_cmp_ps(x.v, y.v, _CMP_LT_OQ))};
  }
  static F32x8 scale2(F32x8 a, F32x8 n) {
    // Two steps, because 2^128 is no float.
    const __m256i whole = _mm256_cvtps_epi32(n.v);
    const __m256i half = _mm256_srai_epi32(whole, 1);
    return a * power2(half) * power2(_mm256_sub_epi32(whole, half));
  }
  static void split(F32x8 x, F32x8& mantissa, F32x8& exponent) {
    const __m256i bits = _mm256_castps_si256(x.v);
    const __m256i e = _mm256_sub_epi32(_mm256_srli_epi32(bits, 23), _mm256_set1_epi32(126));
    const __m256i m =
        _mm256_or_si256(_mm256_and_si256(bits, _mm256_set1_epi32(0x007FFFFF)), _mm256_set1_epi32(0x3F000000));
    mantissa.v = _mm256_castsi256_ps(m);
    exponent.v = _mm256_cvtepi32_ps(e);
  }
  static F32x8 unit(const uint32_t* words) {
    // Each word as high half * 2^16 + low half: both convert exactly, the sum rounds once.
    const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
    const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(w, 16));
    const __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(w, _mm256_set1_epi32(0xFFFF)));
    const __m256 whole = _mm256_fmadd_ps(high, _mm256_set1_ps(65536.0f), low);
    return {_mm256_fmadd_ps(whole, _mm256_set1_ps(0x1p-32f), _mm256_set1_ps(0x1p-33f))};
  }
  static bool all_less(F32x8 a, F32x8 b) { return _mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)) == 0xFF; }
  static void philox(uint64_t key, uint32_t block, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t* words) {
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    const auto all = [](uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); };
    __m256i a = _mm256_add_epi32(all(block), order), b = all(c1), c = all(c2), d = all(c3);
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      const Wide p0 = multiply(a, all(0xD2511F53u)), p1 = multiply(c, all(0xCD9E8D57u));
      a = _mm256_xor_si256(_mm256_xor_si256(p1.high, b), all(k0));
      c = _mm256_xor_si256(_mm256_xor_si256(p0.high, d), all(k1));
      b = p1.low;
      d = p0.low;
    }
    const __m256i ab0 = _mm256_unpacklo_epi32(a, b), ab1 = _mm256_unpackhi_epi32(a, b);
    const __m256i cd0 = _mm256_unpacklo_epi32(c, d), cd1 = _mm256_unpackhi_epi32(c, d);
    auto* out = reinterpret_cast<__m256i*>(words);
    _mm256_storeu_si256(out, _mm256_unpacklo_epi64(ab0, cd0));
    _mm256_storeu_si256(out + 1, _mm256_unpackhi_epi64(ab0, cd0));
    _mm256_storeu_si256(out + 2, _mm256_unpacklo_epi64(ab1, cd1));
    _mm256_storeu_si256(out + 3, _mm256_unpackhi_epi64(ab1, cd1));
  }
  static F32x8 swap_pairs(F32x8 a) { return {_mm256_permute_ps(a.v, 0xB1)}; }
  static void transpose(F32x8 (&r)[8]) {
    __m256 t[8], u[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      t[i] = _mm256_unpacklo_ps(r[i].v, r[i + 1].v);
      t[i + 1] = _mm256_unpackhi_ps(r[i].v, r[i + 1].v);
    }
    // u[i + j]: its half h holds column 4 h + j of rows i to i + 3.
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) {
        const __m256d a = _mm256_castps_pd(t[i + j]), b = _mm256_castps_pd(t[i + j + 2]);
        u[i + 2 * j] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
        u[i + 2 * j + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
      }
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      r[j].v = _mm256_permute2f128_ps(u[j], u[4 + j], 0x20);
      r[4 + j].v = _mm256_permute2f128_ps(u[j], u[4 + j], 0x31);
    }
  }
  float sum() const {
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
  }
  float largest() const {
    const __m128 b = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 c = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_shuffle_ps(c, c, 1)));
  }
  static F32x8 load_bf16(const uint16_t* p) { return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static F32x8 load_bf16_n(const uint16_t* p, int n) {
    alignas(16) uint16_t all[8] = {};
    for (int i = 0; i < n; ++i) all[i] = p[i];
    return load_bf16(all);
  }
  void store_bf16(uint16_t* p) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow()); }
  void store_bf16_n(uint16_t* p, int n) const {
    alignas(16) uint16_t all[8];
    store_bf16(all);
    for (int i = 0; i < n; ++i) p[i] = all[i];
  }
  static F32x8 pack_pairs(F32x8 even, F32x8 odd) {
    const __m256i low = _mm256_srli_epi32(even.rounded(), 16);
    return {_mm256_castsi256_ps(_mm256_blend_epi16(low, odd.rounded(), 0xAA))};
  }
  static F32x8 join_pairs(const uint16_t* even, const uint16_t* odd) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(even));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(odd));
    return {_mm256_castsi256_ps(_mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b)))};
  }
  static void unpack_pairs(F32x8 pairs, F32x8& even, F32x8& odd) {
    const __m256i bits = _mm256_castps_si256(pairs.v);
    even.v = _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
    odd.v = _mm256_castsi256_ps(_mm256_blend_epi16(bits, _mm256_setzero_si256(), 0x55));
  }

 private:
  struct Wide {
    __m256i low, high;
  };
  static Wide multiply(__m256i x, __m256i y) {
    const __m256i even = _mm256_mul_epu32(x, y), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), y);
    return {_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA),
            _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA)};
  }
  static F32x8 widen(__m128i x) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16))};
  }
  // The upper halves hold the bf16.
  __m256i rounded() const {
    const __m256i bits = _mm256_castps_si256(v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i nearest = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd);
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    return _mm256_blendv_epi8(nearest, quiet, _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)));
  }
  __m128i narrow() const {
    const __m256i words = _mm256_srli_epi32(rounded(), 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  }
  static F32x8 power2(__m256i n) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23))};
  }
};

}  // namespace

}  // namespace hone::kernels
