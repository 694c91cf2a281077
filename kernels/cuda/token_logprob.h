// CUDA twins of kernels/token_logprob.h. C: element of the head's panels, float or uint16_t (bf16); they lie as
// kernels/cuda/panels.h says. row and target are on the device.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

template <class C>
void token_logprob(const TokenLogprobArgs& a, const Stream& stream);
template <class C>
void token_logprob_backward(const TokenLogprobBackwardArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
