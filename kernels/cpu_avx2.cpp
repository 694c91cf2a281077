#include "kernels/simd_avx2.h"
#include "kernels/simd_math.h"
#include "kernels/cpu_table.h"

namespace hone::kernels {

const Backend& cpu_backend_avx2() {
  static const Backend backend = make_cpu_backend<F32x8>("cpu-avx2", DType::kF32, &backend);
  return backend;
}

}  // namespace hone::kernels
