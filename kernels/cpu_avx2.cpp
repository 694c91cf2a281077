#include "kernels/simd_avx2.h"
#include "kernels/simd_math.h"
#include "kernels/cpu_table.h"
#include "kernels/gemm_bf16_vector.h"

namespace hone::kernels {

const Backend& cpu_backend_avx2() {
  static const Backend backend = make_cpu_backend<F32x8>("cpu-avx2", DType::kF32, &backend);
  return backend;
}

const Backend& cpu_backend_avx2_widened() {
  using Pairs = WidenedPairs<F32x8>;
  static const Backend backend =
      make_bf16_backend<VectorBf16<Pairs, 4>, VectorProducts<Pairs, 4>>("cpu-avx2-widened", cpu_backend_avx2());
  return backend;
}

}  // namespace hone::kernels
