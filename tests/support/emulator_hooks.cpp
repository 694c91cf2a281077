// What g++ -fsanitize=thread calls at every access to memory, here in place of the sanitizer's runtime; and the atomics
// of the dialect. Accesses of host code, when no kernel runs, pass unseen.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tests/support/emulator_grid.h"

using hone::test::Access;

namespace {

[[gnu::always_inline]] inline void see(const void* address, size_t bytes, Access access) {
  if (hone::test::Grid* grid = hone::test::Grid::running())
    grid->access(address, bytes, access, __builtin_return_address(0));
}

}  // namespace

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void** to, void*) { see(to, sizeof(void*), Access::kWrite); }
void __tsan_read_range(void* from, size_t bytes) { see(from, bytes, Access::kRead); }
void __tsan_write_range(void* to, size_t bytes) { see(to, bytes, Access::kWrite); }
#define HONE_HOOKS(bytes)                                                            \
  void __tsan_read##bytes(void* from) { see(from, bytes, Access::kRead); }           \
  void __tsan_write##bytes(void* to) { see(to, bytes, Access::kWrite); }             \
  void __tsan_unaligned_read##bytes(void* from) { see(from, bytes, Access::kRead); } \
  void __tsan_unaligned_write##bytes(void* to) { see(to, bytes, Access::kWrite); }
HONE_HOOKS(1)
HONE_HOOKS(2)
HONE_HOOKS(4)
HONE_HOOKS(8)
HONE_HOOKS(16)
#undef HONE_HOOKS
}

// Integers wrap around, as on the device.
#define HONE_ATOMICS(T, Sum)                            \
  T atomicAdd(T* to, T x) {                             \
    see(to, sizeof(T), Access::kAtomic);                \
    const T before = *to;                               \
    *to = static_cast<T>(Sum(before) + Sum(x));         \
    return before;                                      \
  }
HONE_ATOMICS(int32_t, uint32_t)
HONE_ATOMICS(uint32_t, uint32_t)
HONE_ATOMICS(uint64_t, uint64_t)
HONE_ATOMICS(float, float)
#undef HONE_ATOMICS

#define HONE_ATOMICS(T)                                 \
  T atomicMax(T* to, T x) {                             \
    see(to, sizeof(T), Access::kAtomic);                \
    const T before = *to;                               \
    *to = std::max(before, x);                          \
    return before;                                      \
  }
HONE_ATOMICS(int32_t)
HONE_ATOMICS(uint32_t)
HONE_ATOMICS(uint64_t)
#undef HONE_ATOMICS
