// Vector of 16 floats. A type of its own in every file that includes this: each instruction set is compiled in its own
// file, and the linker must not merge their templates.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace hone::kernels {
namespace {

struct F32x16 {
  using T = float;
  using Mask = __mmask16;
  static constexpr int kWidth = 16;
  static constexpr int kTileRows = 14;  // with two vectors a row: 28 accumulators, 2 for B, 1 for A, of 32 registers
  __m512 v;

  static F32x16 load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static F32x16 load_n(const float* p, int n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
  static F32x16 set(float x) { return {_mm512_set1_ps(x)}; }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store_n(float* p, int n) const { _mm512_mask_storeu_ps(p, first(n), v); }
  static Mask first(int n) { return n >= 16 ? 0xFFFF : static_cast<Mask>((1u << n) - 1); }

  friend F32x16 operator+(F32x16 a, F32x16 b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend F32x16 operator-(F32x16 a, F32x16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend F32x16 operator*(F32x16 a, F32x16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend F32x16 operator/(F32x16 a, F32x16 b) { return {_mm512_div_ps(a.v, b.v)}; }
  static F32x16 fma(F32x16 a, F32x16 b, F32x16 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  // c - a * b with one rounding.
  static F32x16 fnma(F32x16 a, F32x16 b, F32x16 c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
  // The second operand where either is NaN, so max(limit, x) keeps a NaN x.
  static F32x16 max(F32x16 a, F32x16 b) { return {_mm512_max_ps(a.v, b.v)}; }
  static F32x16 min(F32x16 a, F32x16 b) { return {_mm512_min_ps(a.v, b.v)}; }
  static F32x16 sqrt(F32x16 a) { return {_mm512_sqrt_ps(a.v)}; }
  static F32x16 round(F32x16 a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
  // Lanes from n on become x.
  static F32x16 fill_from(F32x16 a, int n, float x) { return {_mm512_mask_blend_ps(first(n), _mm512_set1_ps(x), a.v)}; }
  // a where x < y is false, b where it is true.
  static F32x16 select_less(F32x16 x, F32x16 y, F32x16 a, F32x16 b) {
    return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.v, y.v, _CMP_LT_OQ), a.v, b.v)};
  }
  // a * 2^n for integral n in [-126, 128].
  static F32x16 scale2(F32x16 a, F32x16 n) { return {_mm512_scalef_ps(a.v, n.v)}; }
  // x = mantissa * 2^exponent with mantissa in [0.5, 1), x > 0 and normal.
  static void split(F32x16 x, F32x16& mantissa, F32x16& exponent) {
    mantissa.v = _mm512_getmant_ps(x.v, _MM_MANT_NORM_p5_1, _MM_MANT_SIGN_src);
    exponent.v = _mm512_add_ps(_mm512_getexp_ps(x.v), _mm512_set1_ps(1.0f));
  }
  // From 16 random words: (word + 1/2) / 2^32, rounded to float; in (0, 1].
  static F32x16 unit(const uint32_t* words) {
    const __m512i w = _mm512_loadu_si512(words);
    return {_mm512_fmadd_ps(_mm512_cvtepu32_ps(w), _mm512_set1_ps(0x1p-32f), _mm512_set1_ps(0x1p-33f))};
  }
  static bool all_less(F32x16 a, F32x16 b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ) == 0xFFFF; }
  // The words of philox4x32 (base/philox.h) for the counters block, ..., block + 15, one after another.
  static void philox(uint64_t key, uint32_t block, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t* words) {
    // Element i of quarter q is block 4 i + q, so that the last step below leaves whole blocks side by side.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const auto all = [](uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); };
    __m512i a = _mm512_add_epi32(all(block), order), b = all(c1), c = all(c2), d = all(c3);
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      const Wide p0 = multiply(a, all(0xD2511F53u)), p1 = multiply(c, all(0xCD9E8D57u));
      a = _mm512_xor_si512(_mm512_xor_si512(p1.high, b), all(k0));
      c = _mm512_xor_si512(_mm512_xor_si512(p0.high, d), all(k1));
      b = p1.low;
      d = p0.low;
    }
    const __m512i ab0 = _mm512_unpacklo_epi32(a, b), ab1 = _mm512_unpackhi_epi32(a, b);
    const __m512i cd0 = _mm512_unpacklo_epi32(c, d), cd1 = _mm512_unpackhi_epi32(c, d);
    _mm512_storeu_si512(words, _mm512_unpacklo_epi64(ab0, cd0));
    _mm512_storeu_si512(words + 16, _mm512_unpackhi_epi64(ab0, cd0));
    _mm512_storeu_si512(words + 32, _mm512_unpacklo_epi64(ab1, cd1));
    _mm512_storeu_si512(words + 48, _mm512_unpackhi_epi64(ab1, cd1));
  }
  // Lanes 2i and 2i + 1 change places.
  static F32x16 swap_pairs(F32x16 a) { return {_mm512_permute_ps(a.v, 0xB1)}; }
  // Rows become columns.
  static void transpose(F32x16 (&r)[16]) {
    __m512 t[16], u[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
      t[i] = _mm512_unpacklo_ps(r[i].v, r[i + 1].v);
      t[i + 1] = _mm512_unpackhi_ps(r[i].v, r[i + 1].v);
    }
    // u[i + j]: its quarter q holds column 4 q + j of rows i to i + 3.
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) {
        const __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
        u[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
        u[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
      }
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const __m512 even0 = _mm512_shuffle_f32x4(u[j], u[4 + j], 0x88),
                   odd0 = _mm512_shuffle_f32x4(u[j], u[4 + j], 0xDD);
      const __m512 even1 = _mm512_shuffle_f32x4(u[8 + j], u[12 + j], 0x88);
      const __m512 odd1 = _mm512_shuffle_f32x4(u[8 + j], u[12 + j], 0xDD);
      r[j].v = _mm512_shuffle_f32x4(even0, even1, 0x88);
      r[4 + j].v = _mm512_shuffle_f32x4(odd0, odd1, 0x88);
      r[8 + j].v = _mm512_shuffle_f32x4(even0, even1, 0xDD);
      r[12 + j].v = _mm512_shuffle_f32x4(odd0, odd1, 0xDD);
    }
  }
  // Halves folded onto each other: one fixed order.
  float sum() const {
    const __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
  }
  float largest() const { return _mm512_reduce_max_ps(v); }

  static F32x16 load_bf16(const uint16_t* p) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
  static F32x16 load_bf16_n(const uint16_t* p, int n) { return widen(_mm256_maskz_loadu_epi16(first(n), p)); }
  void store_bf16(uint16_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow()); }
  void store_bf16_n(uint16_t* p, int n) const { _mm256_mask_storeu_epi16(p, first(n), narrow()); }
  // 16 pairs of bf16 as 32 bits each, the even one below: the bits of a vector.
  static F32x16 pack_pairs(F32x16 even, F32x16 odd) {
#ifdef __AVX512BF16__
    const __m512i interleaved = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,  //
                                                 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(odd.v, even.v));
    return {_mm512_castsi512_ps(_mm512_permutexvar_epi16(interleaved, both))};
#else
    const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd.narrow()), 16);
    return {_mm512_castsi512_ps(_mm512_or_si512(high, _mm512_cvtepu16_epi32(even.narrow())))};
#endif
  }
  // The same of bf16 in memory.
  static F32x16 join_pairs(const uint16_t* even, const uint16_t* odd) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,  //
                                           23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512i low = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(even)));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(odd));
    return {_mm512_castsi512_ps(_mm512_permutexvar_epi16(order, _mm512_inserti64x4(low, high, 1)))};
  }
  static void unpack_pairs(F32x16 pairs, F32x16& even, F32x16& odd) {
    const __m512i bits = _mm512_castps_si512(pairs.v);
    even.v = _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
    odd.v = _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(0xFFFF0000))));
  }

 private:
  struct Wide {
    __m512i low, high;
  };
  // Products of 32-bit words in full.
  static Wide multiply(__m512i x, __m512i y) {
    const __m512i even = _mm512_mul_epu32(x, y), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), y);
    return {_mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32)),
            _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd)};
  }
  static F32x16 widen(__m256i x) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16))};
  }
  // To bf16, to the nearest and ties to even; a NaN stays one. The instruction also flushes what is denormal.
  __m256i narrow() const {
#ifdef __AVX512BF16__
    return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v));
#else
    const __m512i bits = _mm512_castps_si512(v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
    const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
    const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_blend_epi32(nan, rounded, quiet), 16));
#endif
  }
};

}  // namespace

}  // namespace hone::kernels
