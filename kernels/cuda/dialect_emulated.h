// The dialect as g++ sees it, on the emulator of tests/support. Included by dialect.h. Functions of kernels are static:
// the linker must not take one that another file compiled without instrumentation.
#pragma once

#ifndef __CUDACC__

#include <bit>
#include <cstdint>
#include <source_location>
#include <tuple>
#include <type_traits>

#include "kernels/cuda/dialect_host.h"

#define HONE_KERNEL(name) [[gnu::noinline]] static void name
#define HONE_DEVICE static inline
#define HONE_HOST_DEVICE static inline
#define HONE_MEMBER inline
// One array for all threads of a block, whichever comes first; the static object tells its declaration from others.
#define HONE_SHARED(type, name, count)                                                                              \
  static_assert(std::is_trivially_copyable_v<type>);                                                                \
  static char name##_declaration;                                                                                   \
  type(&name)[count] = *static_cast<type(*)[count]>(::hone::kernels::cuda::emulated::shared_array(                  \
      &name##_declaration, sizeof(type) * (count)))

#define threadIdx (::hone::kernels::cuda::emulated::thread_index())
#define blockIdx (::hone::kernels::cuda::emulated::block_index())
#define blockDim (::hone::kernels::cuda::emulated::block_extent())
#define gridDim (::hone::kernels::cuda::emulated::grid_extent())

// What the emulator offers to the running thread.
namespace hone::kernels::cuda::emulated {

struct Index {
  unsigned x, y, z;
};

using Place = std::source_location;

enum class WarpCall { kSync, kShuffle, kShuffleXor, kShuffleDown, kShuffleUp, kBallot };

// Constant within a kernel's call by one thread, so the compiler may call them once.
[[gnu::const]] Index thread_index();
[[gnu::const]] Index block_index();
[[gnu::const]] Index block_extent();
[[gnu::const]] Index grid_extent();
void* shared_array(const void* declaration, size_t bytes);
void meet_block(Place place);
// Waits for all lanes of the mask. A shuffle's result is the value of its source lane, a ballot's the lanes whose value
// is not 0. lane: the source, the xor mask or the distance.
uint64_t meet_warp(WarpCall call, uint32_t mask, uint64_t value, int lane, int width, Place place);

// Runs thread(call) for every thread of the grid. Threads may read the `bytes` bytes at `call`.
void run_grid(const char* kernel, const Dim3& grid, const Dim3& block, const void* call, size_t bytes,
              void (*thread)(const void* call));

template <class T>
T shuffle(WarpCall call, unsigned mask, T value, int lane, int width, Place place) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  return std::bit_cast<T>(static_cast<Bits>(meet_warp(call, mask, std::bit_cast<Bits>(value), lane, width, place)));
}

}  // namespace hone::kernels::cuda::emulated

inline void __syncthreads(std::source_location place = std::source_location::current()) {
  hone::kernels::cuda::emulated::meet_block(place);
}

inline void __syncwarp(unsigned mask = ~0u, std::source_location place = std::source_location::current()) {
  using namespace hone::kernels::cuda::emulated;
  meet_warp(WarpCall::kSync, mask, 0, 0, 32, place);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
              std::source_location place = std::source_location::current()) {
  using namespace hone::kernels::cuda::emulated;
  return shuffle(WarpCall::kShuffle, mask, value, lane, width, place);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane, int width = 32,
                  std::source_location place = std::source_location::current()) {
  using namespace hone::kernels::cuda::emulated;
  return shuffle(WarpCall::kShuffleXor, mask, value, lane, width, place);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32,
                   std::source_location place = std::source_location::current()) {
  using namespace hone::kernels::cuda::emulated;
  return shuffle(WarpCall::kShuffleDown, mask, value, static_cast<int>(distance), width, place);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32,
                 std::source_location place = std::source_location::current()) {
  using namespace hone::kernels::cuda::emulated;
  return shuffle(WarpCall::kShuffleUp, mask, value, static_cast<int>(distance), width, place);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              std::source_location place = std::source_location::current()) {
  using namespace hone::kernels::cuda::emulated;
  return static_cast<unsigned>(meet_warp(WarpCall::kBallot, mask, predicate != 0, 0, 32, place));
}

inline int __any_sync(unsigned mask, int predicate, std::source_location place = std::source_location::current()) {
  return __ballot_sync(mask, predicate, place) != 0;
}

inline int __all_sync(unsigned mask, int predicate, std::source_location place = std::source_location::current()) {
  return __ballot_sync(mask, predicate, place) == mask;
}

int32_t atomicAdd(int32_t* to, int32_t x);
uint32_t atomicAdd(uint32_t* to, uint32_t x);
uint64_t atomicAdd(uint64_t* to, uint64_t x);
float atomicAdd(float* to, float x);
int32_t atomicMax(int32_t* to, int32_t x);
uint32_t atomicMax(uint32_t* to, uint32_t x);
uint64_t atomicMax(uint64_t* to, uint64_t x);

inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }

namespace hone::kernels::cuda {

template <class... Parameters, class... Arguments>
void launch(const char* name, const Stream&, const Dim3& grid, const Dim3& block, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...));
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> parameters;
  };
  const Call call{kernel, {static_cast<Parameters>(arguments)...}};
  emulated::run_grid(name, grid, block, &call, sizeof call, [](const void* data) {
    const Call& one = *static_cast<const Call*>(data);
    std::apply(one.kernel, one.parameters);
  });
}

}  // namespace hone::kernels::cuda

#endif
