// CUDA twin of kernels/rope.h, f32, the CPU's bits. Positions are in the backend's memory.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

void rope(const RopeArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
