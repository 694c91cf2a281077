// CUDA twins of kernels/norm.h, f32. A row's order of sums depends on `cols` only.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

void rms_norm(const RmsNormArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
