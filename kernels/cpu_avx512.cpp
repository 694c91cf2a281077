#include "kernels/simd_avx512.h"
#include "kernels/simd_math.h"
#include "kernels/cpu_table.h"
#include "kernels/gemm_bf16_vector.h"

namespace hone::kernels {

const Backend& cpu_backend_avx512() {
  static const Backend backend = make_cpu_backend<F32x16>("cpu-avx512", DType::kF32, &backend);
  return backend;
}

const Backend& cpu_backend_avx512_widened() {
  using Pairs = WidenedPairs<F32x16>;
  static const Backend backend =
      make_bf16_backend<VectorBf16<Pairs, 12>, VectorProducts<Pairs, 8>>("cpu-avx512-widened", cpu_backend_avx512());
  return backend;
}

}  // namespace hone::kernels
