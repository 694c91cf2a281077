// CUDA twin of kernels/draw.h. C: element of the head's panels, float or uint16_t (bf16); they lie as
// kernels/cuda/panels.h says. items and results are on the device.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

template <class C>
void draw(const DrawArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
