// Choice of the CPU backend at run time.
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "kernels/backend.h"
#include "kernels/cpu_table.h"
#include "kernels/split_k_fault.h"

namespace hone::kernels {

const Backend& cpu_backend_avx512();
const Backend& cpu_backend_avx2();
const Backend& cpu_backend_f64();

// calloc's pages are zero without being touched, so memory that a plan allots in vain costs nothing. The pointer that
// calloc gave stands right before the aligned one.
void* cpu_allocate(size_t bytes) {
  constexpr size_t kAlign = 64;
  void* raw = std::calloc(bytes + 2 * kAlign, 1);
  if (!raw) return nullptr;
  const uintptr_t data = (reinterpret_cast<uintptr_t>(raw) + 2 * kAlign - 1) / kAlign * kAlign;
  reinterpret_cast<void**>(data)[-1] = raw;
  return reinterpret_cast<void*>(data);
}

void cpu_release(void* data) {
  if (data) std::free(static_cast<void**>(data)[-1]);
}

namespace {

bool is_set(const char* variable, const char* value) {
  const char* found = std::getenv(variable);
  return found && std::strcmp(found, value) == 0;
}

const Backend& best_f32_backend() {
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512 && !is_set("HONE_ISA", "avx2")) return cpu_backend_avx512();
  HONE_CHECK(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), "hone needs a CPU with AVX2 and FMA");
  return cpu_backend_avx2();
}

}  // namespace

const Backend& cpu_backend(DType compact) {
  if (compact == DType::kF64) return cpu_backend_f64();
  HONE_CHECK(compact == DType::kF32, "bf16 is not here yet");
  const Backend& sound = best_f32_backend();
  return is_set("HONE_TEST_FAULT", "split_k") ? with_split_k_fault(sound) : sound;
}

}  // namespace hone::kernels
