#include "policy/activations.h"

#include "policy/rope_table.h"

namespace hone::policy {

LayerWidths::LayerWidths(const ModelConfig& c) : scale(attention_scale(c)) {
  if (c.attention == Attention::kGqa) {
    query_first = 0;
    query = c.heads * c.head_dim;
    qkv = query + 2 * c.kv_heads * c.head_dim;
    kv_up = 0;
    attention = value = query;
    kv = {c.kv_heads, c.head_dim, c.head_dim};
    return;
  }
  const bool absorbed = c.mla == MlaForm::kAbsorbed;
  query_first = c.q_lora_rank > 0 ? c.q_lora_rank : c.heads * c.query_dim();
  qkv = query_first + c.kv_lora_rank + c.qk_rope_head_dim;
  query = c.heads * (absorbed ? c.kv_lora_rank + c.qk_rope_head_dim : c.query_dim());
  kv_up = absorbed ? 0 : c.heads * (c.qk_nope_head_dim + c.v_head_dim);
  attention = c.heads * (absorbed ? c.kv_lora_rank : c.v_head_dim);
  value = c.heads * c.v_head_dim;
  kv = absorbed ? kernels::KvShape{1, c.kv_lora_rank + c.qk_rope_head_dim, c.kv_lora_rank}
                : kernels::KvShape{c.heads, c.query_dim(), c.v_head_dim};
}

LayerActivations::LayerActivations(const ModelConfig& c, const kernels::Backend& backend, int64_t rows) {
  const LayerWidths w(c);
  const auto make = [&](int64_t cols) { return Arena(backend, rows * cols); };
  const bool mla = c.attention == Attention::kMla, absorbed = mla && c.mla == MlaForm::kAbsorbed;
  normed = make(c.hidden_size);
  qkv = make(w.qkv);
  q_latent = make(mla ? c.q_lora_rank : 0);
  query = make(mla && c.q_lora_rank > 0 ? c.heads * c.query_dim() : 0);
  absorbed_query = make(absorbed ? w.query : 0);
  qk_normed = make(c.qk_norm != QkNorm::kNone ? (c.heads + c.kv_heads) * c.head_dim : 0);
  latent = make(mla ? c.kv_lora_rank : 0);
  kv_up = make(w.kv_up);
  attended = make(w.attention);
  log_sums = make(c.heads);
  values = make(absorbed ? w.value : 0);
  middle = make(c.hidden_size);
  middle_normed = make(c.hidden_size);
  const int64_t shared_width = c.shared_experts * c.moe_intermediate_size;
  const int64_t dense_width = c.has_dense_layers() ? c.intermediate_size : 0;
  const int64_t width = shared_width > dense_width ? shared_width : dense_width;
  gate_up = make(2 * width);
  hidden = make(width);
  if (c.experts == 0) return;
  const int64_t k = c.router.top_k;
  shared = make(shared_width > 0 ? c.hidden_size : 0);
  logits = make(c.experts);
  scores = make(c.experts);
  weights = make(k);
  gathered = make(k * c.hidden_size);
  expert_gate_up = make(k * 2 * c.moe_intermediate_size);
  expert_hidden = make(k * c.moe_intermediate_size);
  expert_out = make(k * c.hidden_size);
  for (DeviceArray<int32_t>* array : {&chosen, &place, &source}) array->reserve(backend, rows * k);
  for (std::vector<int32_t>* array : {&host_chosen, &host_place, &host_source}) array->resize(rows * k);
  offsets.resize(c.experts + 1);
}

}  // namespace hone::policy
