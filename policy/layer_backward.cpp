#include "policy/attention_buffers.h"
#include "policy/layer.h"
#include "policy/layer_ops.h"

namespace hone::policy {

LayerGradients::LayerGradients(const ModelConfig& c, const kernels::Backend& backend, int64_t rows, int64_t blocks) {
  const LayerWidths w(c);
  const auto make = [&](int64_t cols) { return Arena(backend, rows * cols); };
  const bool mla = c.attention == Attention::kMla, absorbed = mla && c.mla == MlaForm::kAbsorbed;
  normed = make(c.hidden_size);
  qkv = make(w.qkv);
  query = make(mla ? c.heads * c.query_dim() : c.qk_norm != QkNorm::kNone ? (c.heads + c.kv_heads) * c.head_dim : 0);
  absorbed_query = make(absorbed ? w.query : 0);
  q_latent = make(c.q_lora_rank);
  latent = make(mla ? c.kv_lora_rank : 0);
  latent_value = make(absorbed ? c.kv_lora_rank : 0);
  kv_up = make(w.kv_up);
  attended = make(w.attention);
  values = make(absorbed ? w.value : 0);
  const int64_t shared_width = c.shared_experts * c.moe_intermediate_size;
  const int64_t dense_width = c.has_dense_layers() ? c.intermediate_size : 0;
  const int64_t width = dense_width > shared_width ? dense_width : shared_width;
  gate_up = make(2 * width);
  hidden = make(width);
  keys = Arena(backend, blocks * w.kv.key_elements());
  values_cache = Arena(backend, blocks * w.kv.value_elements());
  if (c.experts == 0) return;
  const int64_t k = c.router.top_k;
  logits = make(c.experts);
  weights = make(k);
  gathered = make(k * c.hidden_size);
  expert_gate_up = make(k * 2 * c.moe_intermediate_size);
  expert_hidden = make(k * c.moe_intermediate_size);
  expert_out = make(k * c.hidden_size);
}

namespace {

class Backward {
 public:
  Backward(const Weights& weights, int64_t layer, const RowBatch& batch, const LayerCache& cache, LayerActivations& act,
           LayerGradients& grad, const Arena& gradient, const kernels::Stream& stream)
      : c_(weights.config()),
        w_(c_),
        l_(weights.layout().layers[layer]),
        batch_(batch),
        cache_(cache),
        a_(act),
        g_(grad),
        gradient_(gradient),
        ops_(weights, stream, batch.rows),
        moe_(c_.has_experts(layer)) {}

  void run(const void* x, void* dx) {
    const int64_t d = c_.hidden_size;
    const Rows dout{dx, d}, dnormed{g_.normed.at(0), d};
    if (moe_) {
      experts(dout);
    } else {
      ops_.grad_bias(l_.down_bias, dout, d, gradient_);
      swiglu(l_.gate_up, l_.down, c_.intermediate_size, dout);
      const int64_t width = 2 * c_.intermediate_size;
      ops_.grad_bias(l_.gate_up_bias, {g_.gate_up.at(0), width}, width, gradient_);
    }
    ops_.norm_backward(l_.post_norm, {a_.middle.at(0), d}, dnormed, dout, d, c_.norm_epsilon, gradient_, true);
    attention(dout);
    if (c_.attention == Attention::kMla) {
      project_mla();
    } else {
      project_gqa();
    }
    const Rows dqkv{g_.qkv.at(0), w_.qkv};
    ops_.grad_bias(l_.qkv_bias, dqkv, w_.qkv, gradient_);
    ops_.grad_weight(l_.qkv, dqkv, {a_.normed.at(0), d}, gradient_);
    ops_.product_transposed(l_.qkv, dqkv, dnormed);
    ops_.norm_backward(l_.input_norm, {const_cast<void*>(x), d}, dnormed, dout, d, c_.norm_epsilon, gradient_, true);
  }

 private:
  // Writes the gradient of middle_normed, from the gradient of the block's output.
  void swiglu(const Matrix& gate_up, const Matrix& down, int64_t width, Rows dout) {
    const int64_t d = c_.hidden_size;
    const Rows dhidden{g_.hidden.at(0), width}, dgate_up{g_.gate_up.at(0), 2 * width};
    ops_.grad_weight(down, dout, {a_.hidden.at(0), width}, gradient_);
    ops_.product_transposed(down, dout, dhidden);
    ops_.backend().swiglu_backward({a_.gate_up.at(0), dhidden.data, dgate_up.data, batch_.rows, width}, ops_.stream());
    ops_.grad_weight(gate_up, dgate_up, {a_.middle_normed.at(0), d}, gradient_);
    ops_.product_transposed(gate_up, dgate_up, {g_.normed.at(0), d});
  }

  void experts(Rows dout) {
    const int64_t d = c_.hidden_size, width = c_.moe_intermediate_size, k = c_.router.top_k, n = batch_.rows;
    const auto& backend = ops_.backend();
    const int32_t* offsets = a_.offsets.data();
    const Rows dnormed{g_.normed.at(0), d}, dexpert_out{g_.expert_out.at(0), d}, dhidden{g_.expert_hidden.at(0), width};
    const Rows dgate_up{g_.expert_gate_up.at(0), 2 * width}, dgathered{g_.gathered.at(0), d};
    if (c_.shared_experts > 0) {
      swiglu(l_.shared_gate_up, l_.shared_down, c_.shared_experts * width, dout);
    } else {
      backend.zero({dnormed.data, n * d}, ops_.stream());
    }
    backend.moe_combine_backward({dout.data, a_.expert_out.at(0), a_.place.data(), a_.weights.at(0), dexpert_out.data,
                                  g_.weights.at(0), n, k, d},
                                 ops_.stream());
    ops_.grouped_grad_weight(l_.expert_down, dexpert_out, {a_.expert_hidden.at(0), width}, offsets, gradient_);
    ops_.grouped_product_transposed(l_.expert_down, dexpert_out, dhidden, offsets);
    backend.swiglu_backward({a_.expert_gate_up.at(0), dhidden.data, dgate_up.data, n * k, width}, ops_.stream());
    ops_.grouped_grad_weight(l_.expert_gate_up, dgate_up, {a_.gathered.at(0), d}, offsets, gradient_);
    ops_.grouped_product_transposed(l_.expert_gate_up, dgate_up, dgathered, offsets);
    backend.moe_scatter({dgathered.data, a_.place.data(), dnormed.data, n, k, d}, ops_.stream());
    const Rows dlogits{g_.logits.at(0), c_.experts};
    backend.route_backward({c_.router, a_.scores.at(0), a_.chosen.data(), g_.weights.at(0), dlogits.data, n},
                           ops_.stream());
    ops_.grad_weight(l_.router, dlogits, {a_.middle_normed.at(0), d}, gradient_);
    ops_.product_transposed(l_.router, dlogits, dnormed, dnormed.data);
  }

  // From the gradient of middle to those of queries, keys and values.
  void attention(Rows dmiddle) {
    const bool absorbed = c_.attention == Attention::kMla && c_.mla == MlaForm::kAbsorbed;
    const Rows dvalues{absorbed ? g_.values.at(0) : g_.attended.at(0), w_.value};
    ops_.grad_bias(l_.output_bias, dmiddle, c_.hidden_size, gradient_);
    ops_.grad_weight(l_.output, dmiddle, {absorbed ? a_.values.at(0) : a_.attended.at(0), w_.value}, gradient_);
    ops_.product_transposed(l_.output, dmiddle, dvalues);
    if (absorbed) value_up(dvalues);
    const auto& backend = ops_.backend();
    const AttentionBuffers b = activation_buffers(c_, w_, a_, ops_);
    const AttentionBuffers db = attention_buffers(c_, w_, g_, g_.query, g_.latent_value, ops_);
    backend.attention_backward({attention_args(c_, w_, a_, batch_, cache_, b), g_.attended.at(0), db.query.data,
                                g_.keys.at(0), g_.values_cache.at(0), batch_.families, batch_.num_families},
                               ops_.stream());
    backend.kv_gather({w_.kv, db.key_a.data, db.key_a.stride, db.key_a_head, db.key_a_dim, db.key_b.data,
                       db.key_b.stride, db.key_b_head, db.value.data, db.value.stride, db.value_head, batch_.spans,
                       batch_.parents, batch_.num_spans, g_.keys.at(0), g_.values_cache.at(0)},
                      ops_.stream());
  }

  void value_up(Rows dvalues) {
    for (int64_t h = 0; h < c_.heads; ++h) {
      const Rows dv = ops_.shift(dvalues, h * c_.v_head_dim);
      const Rows attended = ops_.shift({a_.attended.at(0), w_.attention}, h * c_.kv_lora_rank);
      ops_.grad_weight(l_.value_up, dv, attended, gradient_, h);
      ops_.product_transposed(l_.value_up, dv, ops_.shift({g_.attended.at(0), w_.attention}, h * c_.kv_lora_rank),
                              nullptr, h);
    }
  }

  void project_gqa() {
    const int64_t dim = c_.head_dim, heads = c_.heads + c_.kv_heads;
    const Rows qkv{a_.qkv.at(0), w_.qkv}, dqkv{g_.qkv.at(0), w_.qkv};
    const bool normed = c_.qk_norm != QkNorm::kNone;
    const Rows dqk = normed ? Rows{g_.query.at(0), heads * dim} : dqkv;
    ops_.rotate(dqk, heads, dim, batch_, true);
    if (c_.qkv_limit > 0)
      ops_.backend().clamp_backward({ops_.shift(qkv, heads * dim).data, w_.qkv, ops_.shift(dqkv, heads * dim).data,
                                     w_.qkv, batch_.rows, c_.kv_heads * dim, c_.qkv_limit},
                                    ops_.stream());
    if (!normed) return;
    normalize(l_.q_norm, qkv, dqk, dqkv, c_.heads);
    normalize(l_.k_norm, ops_.shift(qkv, c_.heads * dim), ops_.shift(dqk, c_.heads * dim),
              ops_.shift(dqkv, c_.heads * dim), c_.kv_heads);
  }

  void normalize(int64_t weight, Rows x, Rows dy, Rows dx, int64_t heads) {
    const bool per_head = c_.qk_norm == QkNorm::kPerHead;
    ops_.norm_backward(weight, x, dy, dx, per_head ? c_.head_dim : heads * c_.head_dim, c_.norm_epsilon, gradient_,
                       false, per_head ? heads : 1, c_.qkv_limit);
  }

  void project_mla() {
    const int64_t latent = c_.kv_lora_rank;
    const Rows qkv{a_.qkv.at(0), w_.qkv}, dqkv{g_.qkv.at(0), w_.qkv}, dlatent{g_.latent.at(0), latent};
    const bool from_latent = c_.q_lora_rank > 0;
    const Rows dquery = from_latent ? Rows{g_.query.at(0), c_.heads * c_.query_dim()} : dqkv;
    if (c_.mla == MlaForm::kAbsorbed) {
      absorb(dquery);
      ops_.copy({g_.latent_value.at(0), latent}, dlatent, latent, true);
    } else {
      const Rows dup{g_.kv_up.at(0), w_.kv_up};
      ops_.grad_weight(l_.kv_b, dup, {a_.latent.at(0), latent}, gradient_);
      ops_.product_transposed(l_.kv_b, dup, dlatent);
    }
    ops_.norm_backward(l_.kv_a_norm, ops_.shift(qkv, w_.query_first), dlatent, ops_.shift(dqkv, w_.query_first), latent,
                       kLatentNormEpsilon, gradient_, false);
    ops_.rotate(ops_.shift(dqkv, w_.query_first + latent), 1, 0, batch_, true);
    ops_.rotate(ops_.shift(dquery, c_.qk_nope_head_dim), c_.heads, c_.query_dim(), batch_, true);
    if (!from_latent) return;
    const Rows dq_latent{g_.q_latent.at(0), c_.q_lora_rank};
    ops_.grad_weight(l_.q_b, dquery, {a_.q_latent.at(0), c_.q_lora_rank}, gradient_);
    ops_.product_transposed(l_.q_b, dquery, dq_latent);
    ops_.norm_backward(l_.q_a_norm, qkv, dq_latent, dqkv, c_.q_lora_rank, kLatentNormEpsilon, gradient_, false);
  }

  void absorb(Rows dquery) {
    const int64_t latent = c_.kv_lora_rank, rope = c_.qk_rope_head_dim;
    const Rows query =
        c_.q_lora_rank > 0 ? Rows{a_.query.at(0), c_.heads * c_.query_dim()} : Rows{a_.qkv.at(0), w_.qkv};
    for (int64_t h = 0; h < c_.heads; ++h) {
      const Rows dabsorbed = ops_.shift({g_.absorbed_query.at(0), w_.query}, h * (latent + rope));
      const Rows to = ops_.shift(dquery, h * c_.query_dim());
      ops_.grad_weight(l_.key_up, ops_.shift(query, h * c_.query_dim()), dabsorbed, gradient_, h);
      ops_.product(l_.key_up, dabsorbed, to, nullptr, h);
      ops_.copy(ops_.shift(dabsorbed, latent), ops_.shift(to, c_.qk_nope_head_dim), rope);
    }
  }

  const ModelConfig& c_;
  const LayerWidths w_;
  const LayerLayout& l_;
  const RowBatch& batch_;
  const LayerCache& cache_;
  LayerActivations& a_;
  LayerGradients& g_;
  const Arena& gradient_;
  const LayerOps ops_;
  const bool moe_;
};

}  // namespace

void layer_backward(const Weights& weights, int64_t layer, const RowBatch& batch, const void* x, void* dx,
                    const LayerCache& cache, LayerActivations& act, LayerGradients& grad, const Arena& gradient,
                    const kernels::Stream& stream) {
  Backward(weights, layer, batch, cache, act, grad, gradient, stream).run(x, dx);
}

}  // namespace hone::policy
