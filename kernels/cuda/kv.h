// CUDA twins of kv_append, kv_gather and kv_copy (kernels/attention.h). C: element of the cache, float or uint16_t
// (bf16). Spans, their block tables and parents are on the host.
#pragma once

#include "kernels/attention.h"
#include "kernels/backend.h"

namespace hone::kernels::cuda {

template <class C>
void kv_append(const KvAppendArgs& a, const Stream& stream);
template <class C>
void kv_copy(const KvCopyArgs& a, const Stream& stream);
void kv_gather(const KvGatherArgs& g, const Stream& stream);

}  // namespace hone::kernels::cuda
