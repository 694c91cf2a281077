// The dialect as nvcc sees it. Included by dialect.h.
#pragma once

#ifdef __CUDACC__

#include <cuda_runtime.h>

#include <cstdint>

#include "base/check.h"
#include "kernels/cuda/dialect_host.h"

#define HONE_KERNEL(name) static __global__ void name
#define HONE_DEVICE __device__ inline
#define HONE_HOST_DEVICE __host__ __device__ inline
#define HONE_MEMBER __device__ inline
#define HONE_SHARED(type, name, count) __shared__ type name[count]

// uint64_t is unsigned long, for which CUDA has no atomics.
__device__ inline uint64_t atomicAdd(uint64_t* to, uint64_t x) {
  return ::atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(x));
}
__device__ inline uint64_t atomicMax(uint64_t* to, uint64_t x) {
  return ::atomicMax(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(x));
}

namespace hone::kernels::cuda {

cudaStream_t queue_of(const Stream& stream);

template <class... Parameters, class... Arguments>
void launch(const char* name, const Stream& stream, const Dim3& grid, const Dim3& block, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...));
  if (grid.empty()) return;
  const auto extent = [](const Dim3& d) {
    return dim3(static_cast<unsigned>(d.x), static_cast<unsigned>(d.y), static_cast<unsigned>(d.z));
  };
  kernel<<<extent(grid), extent(block), 0, queue_of(stream)>>>(static_cast<Parameters>(arguments)...);
  const cudaError_t error = cudaGetLastError();
  HONE_CHECK(error == cudaSuccess, name, ": ", cudaGetErrorString(error));
}

}  // namespace hone::kernels::cuda

#endif
