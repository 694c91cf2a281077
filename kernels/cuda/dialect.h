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
//   HONE_MEMBER                               in front of a member function of a class that kernels use
//   HONE_SHARED(type, name, count);           type name[count] in shared memory: at most 48 KiB in a block
//   HONE_LAUNCH(stream, grid, block, kernel, arguments...);
//                                             puts the kernel on the stream, a kernels::Stream; grid and block are Dim3
//                                             or a number. A kernel with a comma in its name stands in parentheses. An
//                                             empty grid is not launched.
//
// A block size that is no multiple of 32 leaves lanes that no full mask may name. __shfl_* move no memory: a value that
// a lane left in memory is seen after __syncwarp or __syncthreads.
#pragma once

#include "kernels/cuda/dialect_host.h"
#include "kernels/cuda/dialect_math.h"

#define HONE_LAUNCH(stream, grid, block, kernel, ...) \
  ::hone::kernels::cuda::launch(#kernel, stream, grid, block, kernel __VA_OPT__(, ) __VA_ARGS__)
