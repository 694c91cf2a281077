// CUDA twins of attention and attention_backward (kernels/attention.h). C: element of keys and values, float or
// uint16_t (bf16). Spans, their block tables and families are on the host.
//
// Both types take the positions in chunks of 512 that are merged in order, as the CPU does in bf16, and both need
// log_sums for the backward.
#pragma once

#include "kernels/attention.h"
#include "kernels/backend.h"

namespace hone::kernels::cuda {

template <class C>
void attention(const AttentionArgs& a, const Stream& stream);
template <class C>
void attention_backward(const AttentionBackwardArgs& b, const Stream& stream);

}  // namespace hone::kernels::cuda
