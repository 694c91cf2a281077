// CUDA twins of kernels/norm.h, f32. A row's sums have an order that depends on `cols` only.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

void rms_norm(const RmsNormArgs& a, const Stream& stream);
void rms_norm_backward(const RmsNormBackwardArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
