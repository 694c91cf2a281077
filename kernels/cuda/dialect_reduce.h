// Sums and maxima over the threads of a warp and of a block, each in one order that the block's size decides.
#pragma once

#include "kernels/cuda/dialect.h"

namespace hone::kernels::cuda {

// Over all 32 lanes; every lane gets the same bits.
HONE_DEVICE float warp_sum(float x) {
  for (int distance = kWarp / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(~0u, x, distance);
  return x;
}

// NaN does not count.
HONE_DEVICE float warp_largest(float x) {
  for (int distance = kWarp / 2; distance > 0; distance /= 2) x = largest(__shfl_xor_sync(~0u, x, distance), x);
  return x;
}

// Over all threads of a one-dimensional block of whole warps; every thread gets the same bits.
HONE_DEVICE float block_sum(float x) {
  HONE_SHARED(float, partial, 32);
  x = warp_sum(x);
  const unsigned warps = blockDim.x / kWarp;
  if (warps == 1) return x;
  if (threadIdx.x % kWarp == 0) partial[threadIdx.x / kWarp] = x;
  __syncthreads();
  float sum = 0;
  for (unsigned w = 0; w < warps; ++w) sum += partial[w];
  __syncthreads();
  return sum;
}

}  // namespace hone::kernels::cuda
