#include "kernels/simd_f64.h"
#include "kernels/cpu_table.h"

namespace hone::kernels {

const Backend& cpu_backend_f64() {
  static const Backend backend = make_cpu_backend<F64x1>("cpu-f64", DType::kF64, &backend);
  return backend;
}

}  // namespace hone::kernels
