// What g++ -fsanitize=thread calls at every access to memory, here in place of the sanitizer's runtime; and the atomics
// of the dialect. Accesses of host code, when no kernel runs, pass unseen.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tests/support/emulator_grid.h"

namespace {

void see(const void* address, size_t bytes, bool write) {
  if (hone::test::Grid* grid = hone::test::Grid::running()) grid->access(address, bytes, write);
}

template <class T, class Change>
T change(T* to, const Change& changed) {
  see(to, sizeof(T), true);
  const T before = *to;
  *to = changed(before);
  return before;
}

template <class T>
T add(T* to, T x) {
  return change(to, [&](T before) { return static_cast<T>(before + x); });
}

template <class T>
T raise(T* to, T x) {
  return change(to, [&](T before) { return std::max(before, x); });
}

}  // namespace

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void** to, void*) { see(to, sizeof(void*), true); }
void __tsan_vptr_read(void** from) { see(from, sizeof(void*), false); }
void __tsan_read_range(void* from, size_t bytes) { see(from, bytes, false); }
void __tsan_write_range(void* to, size_t bytes) { see(to, bytes, true); }
#define HONE_HOOKS(bytes)                                                        \
  void __tsan_read##bytes(void* from) { see(from, bytes, false); }               \
  void __tsan_write##bytes(void* to) { see(to, bytes, true); }                   \
  void __tsan_unaligned_read##bytes(void* from) { see(from, bytes, false); }     \
  void __tsan_unaligned_write##bytes(void* to) { see(to, bytes, true); }
HONE_HOOKS(1)
HONE_HOOKS(2)
HONE_HOOKS(4)
HONE_HOOKS(8)
HONE_HOOKS(16)
#undef HONE_HOOKS
}

int32_t atomicAdd(int32_t* to, int32_t x) { return add(to, x); }
uint32_t atomicAdd(uint32_t* to, uint32_t x) { return add(to, x); }
uint64_t atomicAdd(uint64_t* to, uint64_t x) { return add(to, x); }
float atomicAdd(float* to, float x) { return add(to, x); }
int32_t atomicMax(int32_t* to, int32_t x) { return raise(to, x); }
uint32_t atomicMax(uint32_t* to, uint32_t x) { return raise(to, x); }
uint64_t atomicMax(uint64_t* to, uint64_t x) { return raise(to, x); }
