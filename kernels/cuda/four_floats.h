// What a thread moves to and from shared memory at a time.
#pragma once

namespace hone::kernels::cuda {

struct alignas(16) FourFloats {
  float v[4];
};

}  // namespace hone::kernels::cuda
