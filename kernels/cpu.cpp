// Choice of the CPU backend at run time.
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "kernels/backend.h"
#include "kernels/cpu_table.h"

namespace hone::kernels {

const Backend& cpu_backend_avx512();
const Backend& cpu_backend_avx2();
const Backend& cpu_backend_f64();

void* cpu_allocate(size_t bytes) {
  const size_t size = (bytes + 63) / 64 * 64 + 64;
  void* data = std::aligned_alloc(64, size);
  if (data) std::memset(data, 0, size);
  return data;
}

void cpu_release(void* data) { std::free(data); }

const Backend& cpu_backend(DType dtype) {
  if (dtype == DType::kF64) return cpu_backend_f64();
  const char* forced = std::getenv("HONE_ISA");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512 && !(forced && std::strcmp(forced, "avx2") == 0)) return cpu_backend_avx512();
  HONE_CHECK(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), "hone needs a CPU with AVX2 and FMA");
  return cpu_backend_avx2();
}

}  // namespace hone::kernels
