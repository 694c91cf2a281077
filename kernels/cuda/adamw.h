// CUDA twins of kernels/adamw.h, f32. AdamW has the CPU's bits.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

// Waits for the stream.
double sum_of_squares(const SumOfSquaresArgs& a, const Stream& stream);
void adamw(const AdamWArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
