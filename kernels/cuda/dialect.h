// The dialect of portable CUDA kernels. A .cu file that includes this header and contract headers only is compiled by
// nvcc for the GPU (--fmad=false, so that no sum is contracted behind its back) and by g++ for the emulator of
// tests/support/emulator.h, which runs it on a CPU and watches every access.
//
// Of CUDA's own names there are threadIdx, blockIdx, blockDim, gridDim; __syncthreads, __syncwarp(mask); __shfl_sync,
// __shfl_xor_sync, __shfl_down_sync, __shfl_up_sync, __ballot_sync, __any_sync, __all_sync; atomicAdd and atomicMax on
// int32_t, uint32_t and uint64_t, atomicAdd on float where the order of the sum cannot matter; __fmaf_rn, __fma_rn. A
// warp has 32 lanes. The rest:
//
//   HONE_KERNEL(name)(parameters...) { }      a kernel; `template <class T> HONE_KERNEL(name)(...)` for a template.
//                                             Parameters are trivially copyable values.
//   HONE_DEVICE, HONE_HOST_DEVICE             in front of a function that kernels call
//   HONE_SHARED(type, name, count);           type name[count] in shared memory: at most 48 KiB in a block
//   HONE_LAUNCH(stream, grid, block, kernel, arguments...);
//                                             puts the kernel on the stream, a kernels::Stream; grid and block are Dim3
//                                             or a number. A kernel with a comma in its name stands in parentheses. An
//                                             empty grid is not launched.
//
// A block size that is no multiple of 32 leaves lanes that no full mask may name. __shfl_* move no memory: a value that
// a lane left in memory is seen after __syncwarp or __syncthreads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/backend.h"

namespace hone::kernels::cuda {

inline constexpr int kWarp = 32;

// Extent of a grid in blocks, or of a block in threads.
struct Dim3 {
  int64_t x, y, z;
  constexpr Dim3(int64_t x, int64_t y = 1, int64_t z = 1) : x(x), y(y), z(z) {}
  constexpr bool empty() const { return x == 0 || y == 0 || z == 0; }
};

constexpr int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Services of the device to the host part of an operator. Memory that they hand out belongs to the stream: it lives
// until the launches of the operator that asked for it are done. bytes may be 0.
void* upload_bytes(const Stream& stream, const void* host, size_t bytes);  // a copy; host may be reused at once
void* scratch_bytes(const Stream& stream, size_t bytes);                   // not initialized, aligned to 256 bytes
void download_bytes(const Stream& stream, void* host, const void* device, size_t bytes);  // waits for the stream

template <class T>
const T* upload(const Stream& stream, const T* host, int64_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  return static_cast<const T*>(upload_bytes(stream, host, count * sizeof(T)));
}

template <class T>
T* scratch(const Stream& stream, int64_t count) {
  return static_cast<T*>(scratch_bytes(stream, count * sizeof(T)));
}

template <class T>
void download(const Stream& stream, T* host, const T* device, int64_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  download_bytes(stream, host, device, count * sizeof(T));
}

}  // namespace hone::kernels::cuda

#ifdef __CUDACC__
#include "kernels/cuda/dialect_nvcc.h"
#else
#include "kernels/cuda/dialect_emulated.h"
#endif

#define HONE_LAUNCH(stream, grid, block, kernel, ...) \
  ::hone::kernels::cuda::launch(#kernel, stream, grid, block, kernel __VA_OPT__(, ) __VA_ARGS__)

#include "kernels/cuda/dialect_math.h"
