// Where queries, keys and values of a layer lie, the same for activations and for their gradients. Internal to policy/.
#pragma once

#include "policy/layer_ops.h"

namespace hone::policy {

// Act has qkv, query, absorbed_query, latent, kv_up (and qk_normed) as LayerActivations and LayerGradients do.
// value_latent: where the value part goes in the absorbed form (the latent itself, or its second gradient).
template <class Act>
AttentionBuffers attention_buffers(const ModelConfig& c, const LayerWidths& w, const Act& a, const Arena& normed_qk,
                                   const Arena& value_latent, const LayerOps& ops) {
  const Rows qkv{a.qkv.at(0), w.qkv};
  if (c.attention == Attention::kGqa) {
    const Rows qk = c.qk_norm != QkNorm::kNone ? Rows{normed_qk.at(0), (c.heads + c.kv_heads) * c.head_dim} : qkv;
    const Rows key = ops.shift(qk, c.heads * c.head_dim);
    return {qk, key, key, ops.shift(qkv, (c.heads + c.kv_heads) * c.head_dim), c.head_dim, c.head_dim, 0, c.head_dim};
  }
  const Rows rope_key = ops.shift(qkv, w.query_first + c.kv_lora_rank);
  if (c.mla == MlaForm::kAbsorbed)
    return {{a.absorbed_query.at(0), w.query}, {a.latent.at(0), c.kv_lora_rank}, rope_key,
            {value_latent.at(0), c.kv_lora_rank}, 0, c.kv_lora_rank, 0, 0};
  const Rows query = c.q_lora_rank > 0 ? Rows{a.query.at(0), c.heads * c.query_dim()} : qkv;
  const Rows up{a.kv_up.at(0), w.kv_up};
  const int64_t head = c.qk_nope_head_dim + c.v_head_dim;
  return {query, up, rope_key, ops.shift(up, c.qk_nope_head_dim), head, c.qk_nope_head_dim, 0, head};
}

inline AttentionBuffers activation_buffers(const ModelConfig& c, const LayerWidths& w, const LayerActivations& a,
                                           const LayerOps& ops) {
  return attention_buffers(c, w, a, a.qk_normed, a.latent, ops);
}

inline kernels::AttentionArgs attention_args(const ModelConfig& c, const LayerWidths& w, const LayerActivations& a,
                                             const RowBatch& batch, const LayerCache& cache,
                                             const AttentionBuffers& b) {
  return {w.kv,    b.query.data, b.query.stride,  a.attended.at(0), w.attention,  c.heads,
          w.scale, batch.spans,  batch.num_spans, cache.keys,       cache.values, a.log_sums.at(0)};
}

}  // namespace hone::policy
