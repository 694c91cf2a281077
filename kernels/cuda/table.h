// The backends of the plug-in: every slot of kernels::Backend with its CUDA twin.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

// compact: kF32 or kBf16.
const Backend& table(DType compact);

}  // namespace hone::kernels::cuda
