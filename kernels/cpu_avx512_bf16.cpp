#include "kernels/simd_avx512.h"
#include "kernels/simd_math.h"
#include "kernels/cpu_table.h"
#include "kernels/gemm_bf16_vector.h"

namespace hone::kernels {

const Backend& cpu_backend_avx512();

namespace {

// vdpbf16ps: acc + a.odd * b.odd + a.even * b.even in the instruction's own rounding; what is denormal counts as zero.
struct DotPairs {
  using V = F32x16;
  using Pairs = __m512bh;
  static Pairs load(const uint16_t* p) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(p)); }
  static Pairs set(const uint16_t* p) {
    int both;
    __builtin_memcpy(&both, p, sizeof both);
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
  }
  static V dot(V acc, Pairs a, Pairs b) { return {_mm512_dpbf16_ps(acc.v, a, b)}; }
};

}  // namespace

const Backend& cpu_backend_avx512_bf16() {
  static const Backend backend =
      make_bf16_backend<VectorBf16<DotPairs, F32x16::kTileRows>, VectorProducts<DotPairs, 8>>("cpu-avx512-bf16",
                                                                                             cpu_backend_avx512());
  return backend;
}

}  // namespace hone::kernels
