// CUDA twins of kernels/elementwise.h, the CPU's bits. Tokens are in the backend's memory. Compact (float or uint16_t)
// is the type of tables and panels, the rest is f32.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

template <class Compact>
void embed(const EmbedArgs& e, const Stream& stream);

void embed_backward(const EmbedBackwardArgs& e, const Stream& stream);
template <class Compact>
void to_compact(const ToCompactArgs& a, const Stream& stream);

void copy(const CopyArgs& a, const Stream& stream);
void clamp(const ClampArgs& a, const Stream& stream);
void clamp_backward(const ClampBackwardArgs& a, const Stream& stream);
void sum_rows(const SumRowsArgs& a, const Stream& stream);
void zero(const ZeroArgs& a, const Stream& stream);
void swiglu(const SwigluArgs& s, const Stream& stream);
void swiglu_backward(const SwigluBackwardArgs& s, const Stream& stream);

}  // namespace hone::kernels::cuda
