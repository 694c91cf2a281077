// The CPU backend of one vector type.
#pragma once

#include "kernels/backend.h"

#include "kernels/adamw_cpu.h"
#include "kernels/attention_backward_cpu.h"
#include "kernels/draw_cpu.h"
#include "kernels/elementwise_cpu.h"
#include "kernels/moe_cpu.h"
#include "kernels/norm_cpu.h"
#include "kernels/token_logprob_cpu.h"

namespace hone::kernels {

// kernels/cpu.cpp: shared by all CPU tables.
void* cpu_allocate(size_t bytes);
void cpu_release(void* data);

template <class V>
Backend make_cpu_backend(const char* name, DType dtype, const Backend* self) {
  return Backend{name,
                 dtype,
                 dtype,
                 2 * V::kWidth,
                 1,
                 self,
                 cpu_allocate,
                 cpu_release,
                 gemm<V>,
                 gemm_grad_weight<V>,
                 pack_panels<V>,
                 embed<V>,
                 embed_backward<V>,
                 copy<V>,
                 zero<V>,
                 swiglu<V>,
                 swiglu_backward<V>,
                 rms_norm<V>,
                 rms_norm_backward<V>,
                 rope<V>,
                 kv_append<V>,
                 kv_gather<V>,
                 kv_copy<V>,
                 attention<V>,
                 attention_backward<V>,
                 route<V>,
                 route_backward<V>,
                 moe_gather<V>,
                 moe_combine<V>,
                 moe_combine_backward<V>,
                 moe_scatter<V>,
                 token_logprob<V>,
                 token_logprob_backward<V>,
                 draw<V>,
                 sum_of_squares<V>,
                 adamw<V>};
}

}  // namespace hone::kernels
