#include "kernels/simd_avx512.h"
#include "kernels/simd_math.h"
#include "kernels/cpu_table.h"

namespace hone::kernels {

const Backend& cpu_backend_avx512() {
  static const Backend backend = make_cpu_backend<F32x16>("cpu-avx512", DType::kF32, &backend);
  return backend;
}

}  // namespace hone::kernels
