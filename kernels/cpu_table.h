// The CPU backends of one vector type.
#pragma once

#include "kernels/backend.h"

#include "kernels/adamw_cpu.h"
#include "kernels/attention_bf16_backward_cpu.h"
#include "kernels/draw_cpu.h"
#include "kernels/elementwise_cpu.h"
#include "kernels/gemm_bf16_cpu.h"
#include "kernels/moe_cpu.h"
#include "kernels/norm_cpu.h"
#include "kernels/token_logprob_cpu.h"

namespace hone::kernels {

template <class V>
Backend make_cpu_backend(const char* name, DType dtype, const Backend* self) {
  return Backend{name,
                 dtype,
                 dtype,
                 2 * V::kWidth,
                 1,
                 self,
                 cpu_memory,
                 cpu_allocate,
                 cpu_release,
                 cpu_copy,
                 cpu_copy,
                 gemm<V>,
                 gemm_grad_weight<V>,
                 pack_panels<V>,
                 embed<V>,
                 embed_backward<V>,
                 copy<V>,
                 to_compact<V, typename V::T>,
                 clamp<V>,
                 clamp_backward<V>,
                 sum_rows<V>,
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
                 token_logprob<DenseProducts<V>>,
                 token_logprob_backward<DenseProducts<V>>,
                 draw<DenseProducts<V>>,
                 sum_of_squares<V>,
                 adamw<V>};
}

template <class S>
struct Bf16Products {
  using V = typename S::V;
  using Compact = uint16_t;
  static constexpr int64_t depth(int64_t k) { return padded_depth<S>(k); }
  static void gemm(const GemmArgs& g, const Stream& stream) { bf16_gemm<S>(g, stream); }
  static void gemm_grad_weight(const GemmGradWeightArgs& g, const Stream& stream) {
    bf16_gemm_grad_weight<S>(g, stream);
  }
};

// `wide` with what touches compact memory replaced; S as in gemm_bf16_cpu.h, E as in attention_bf16_products.h.
template <class S, class E>
Backend make_bf16_backend(const char* name, const Backend& wide) {
  Backend b = wide;
  b.name = name;
  b.compact = DType::kBf16;
  b.panel_cols = 2 * S::V::kWidth;
  b.panel_depth = S::kPanelDepth;
  b.wide = &wide;
  b.gemm = bf16_gemm<S>;
  b.gemm_grad_weight = bf16_gemm_grad_weight<S>;
  b.pack_panels = pack_bf16_panels<S>;
  b.embed = bf16_embed<S>;
  b.to_compact = to_compact<typename S::V, uint16_t>;
  b.kv_append = kv_append_bf16<E>;
  b.kv_copy = kv_copy_bf16<E>;
  b.attention = attention_bf16<E>;
  b.attention_backward = attention_backward_bf16<E>;
  b.token_logprob = token_logprob<Bf16Products<S>>;
  b.token_logprob_backward = token_logprob_backward<Bf16Products<S>>;
  b.draw = draw<Bf16Products<S>>;
  return b;
}

}  // namespace hone::kernels
