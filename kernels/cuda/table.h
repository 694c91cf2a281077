// The backends of the plug-in: every slot of kernels::Backend with its CUDA twin.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

// compact: kF32 or kBf16. A slot whose operator has no CUDA twin is nullptr.
const Backend& table(DType compact);

// The first slot of the table that is nullptr, or nullptr when there is none.
const char* missing_operator(const Backend& backend);

}  // namespace hone::kernels::cuda
