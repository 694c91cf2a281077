#include "policy/attention_buffers.h"
#include "policy/layer.h"
#include "policy/layer_ops.h"

namespace hone::policy {
namespace {

class Forward {
 public:
  Forward(const Weights& weights, int64_t layer, const RowBatch& batch, const LayerCache& cache, LayerActivations& act,
          const kernels::Stream& stream)
      : c_(weights.config()),
        w_(c_),
        l_(weights.layout().layers[layer]),
        weights_(weights),
        batch_(batch),
        cache_(cache),
        a_(act),
        ops_(weights, stream, batch.rows),
        moe_(c_.has_experts(layer)) {}

  void run(const void* x, void* out) {
    const int64_t d = c_.hidden_size;
    const Rows in{const_cast<void*>(x), d};
    ops_.norm(l_.input_norm, in, {a_.normed.at(0), d}, d, c_.norm_epsilon);
    ops_.biased_product(l_.qkv, l_.qkv_bias, {a_.normed.at(0), d}, {a_.qkv.at(0), w_.qkv});
    if (c_.attention == Attention::kMla) {
      project_mla();
    } else {
      project_gqa();
    }
    attend();
    const bool absorbed = c_.attention == Attention::kMla && c_.mla == MlaForm::kAbsorbed;
    const Rows attended{absorbed ? a_.values.at(0) : a_.attended.at(0), w_.value};
    ops_.biased_product(l_.output, l_.output_bias, attended, {a_.middle.at(0), d}, x);
    ops_.norm(l_.post_norm, {a_.middle.at(0), d}, {a_.middle_normed.at(0), d}, d, c_.norm_epsilon);
    if (moe_) {
      experts(out);
    } else {
      dense(out);
    }
  }

 private:
  void project_gqa() {
    const int64_t heads = c_.heads + c_.kv_heads, dim = c_.head_dim;
    Rows qk{a_.qkv.at(0), w_.qkv};
    if (c_.qkv_limit > 0)
      ops_.backend().clamp({ops_.shift(qk, heads * dim).data, w_.qkv, batch_.rows, c_.kv_heads * dim, c_.qkv_limit},
                           ops_.stream());
    if (c_.qk_norm != QkNorm::kNone) {
      const Rows normed{a_.qk_normed.at(0), heads * dim};
      normalize(l_.q_norm, qk, normed, c_.heads);
      normalize(l_.k_norm, ops_.shift(qk, c_.heads * dim), ops_.shift(normed, c_.heads * dim), c_.kv_heads);
      qk = normed;
    }
    ops_.rotate(qk, heads, dim, batch_, false);
  }

  void normalize(int64_t weight, Rows x, Rows y, int64_t heads) {
    const bool per_head = c_.qk_norm == QkNorm::kPerHead;
    ops_.norm(weight, x, y, per_head ? c_.head_dim : heads * c_.head_dim, c_.norm_epsilon, per_head ? heads : 1,
              c_.qkv_limit);
  }

  void project_mla() {
    const int64_t latent = c_.kv_lora_rank;
    const Rows qkv{a_.qkv.at(0), w_.qkv};
    Rows query = qkv;
    if (c_.q_lora_rank > 0) {
      const Rows q_latent{a_.q_latent.at(0), c_.q_lora_rank};
      ops_.norm(l_.q_a_norm, qkv, q_latent, c_.q_lora_rank, kLatentNormEpsilon);
      query = {a_.query.at(0), c_.heads * c_.query_dim()};
      ops_.product(l_.q_b, q_latent, query);
    }
    ops_.rotate(ops_.shift(query, c_.qk_nope_head_dim), c_.heads, c_.query_dim(), batch_, false);
    ops_.rotate(ops_.shift(qkv, w_.query_first + latent), 1, 0, batch_, false);
    ops_.norm(l_.kv_a_norm, ops_.shift(qkv, w_.query_first), {a_.latent.at(0), latent}, latent, kLatentNormEpsilon);
    if (c_.mla == MlaForm::kAbsorbed) {
      absorb(query);
    } else {
      ops_.product(l_.kv_b, {a_.latent.at(0), latent}, {a_.kv_up.at(0), w_.kv_up});
    }
  }

  // Per head: [q_nope W_UK | q_rope], so that scores are taken against [latent | rope key].
  void absorb(Rows query) {
    const int64_t latent = c_.kv_lora_rank, rope = c_.qk_rope_head_dim;
    const Rows target{a_.absorbed_query.at(0), w_.query};
    for (int64_t h = 0; h < c_.heads; ++h) {
      const Rows q = ops_.shift(query, h * c_.query_dim()), to = ops_.shift(target, h * (latent + rope));
      ops_.product_transposed(l_.key_up, q, to, nullptr, h);
      ops_.copy(ops_.shift(q, c_.qk_nope_head_dim), ops_.shift(to, latent), rope);
    }
  }

  void attend() {
    const AttentionBuffers b = activation_buffers(c_, w_, a_, ops_);
    ops_.backend().kv_append(
        {w_.kv, b.key_a.data, b.key_a.stride, b.key_a_head, b.key_a_dim, b.key_b.data, b.key_b.stride, b.key_b_head,
         b.value.data, b.value.stride, b.value_head, batch_.spans, batch_.num_spans, cache_.keys, cache_.values},
        ops_.stream());
    for (int64_t i = 0; i < batch_.num_copies; ++i) {
      const TailCopy& copy = batch_.copies[i];
      ops_.backend().kv_copy({w_.kv, cache_.keys, cache_.values, copy.from, copy.to, copy.num_tokens}, ops_.stream());
    }
    ops_.backend().attention(attention_args(c_, w_, a_, batch_, cache_, b), ops_.stream());
    if (c_.attention != Attention::kMla || c_.mla != MlaForm::kAbsorbed) return;
    for (int64_t h = 0; h < c_.heads; ++h)
      ops_.product(l_.value_up, ops_.shift({a_.attended.at(0), w_.attention}, h * c_.kv_lora_rank),
                   ops_.shift({a_.values.at(0), w_.value}, h * c_.v_head_dim), nullptr, h);
  }

  void dense(void* out) {
    const int64_t width = c_.intermediate_size;
    gate(l_.gate_up, l_.gate_up_bias, width);
    ops_.biased_product(l_.down, l_.down_bias, {a_.hidden.at(0), width}, {out, c_.hidden_size}, a_.middle.at(0));
  }

  // hidden = silu(gate) * up.
  void gate(const Matrix& gate_up, int64_t bias, int64_t width) {
    ops_.biased_product(gate_up, bias, {a_.middle_normed.at(0), c_.hidden_size}, {a_.gate_up.at(0), 2 * width});
    ops_.backend().swiglu({a_.gate_up.at(0), a_.hidden.at(0), batch_.rows, width}, ops_.stream());
  }

  void experts(void* out) {
    const int64_t d = c_.hidden_size, width = c_.moe_intermediate_size, k = c_.router.top_k, n = batch_.rows;
    const auto& backend = ops_.backend();
    const Rows normed{a_.middle_normed.at(0), d};
    ops_.product(l_.router, normed, {a_.logits.at(0), c_.experts});
    backend.route({c_.router, a_.logits.at(0), l_.router_bias >= 0 ? weights_.vector(l_.router_bias) : nullptr,
                   a_.scores.at(0), a_.chosen.data(), a_.weights.at(0), n},
                  ops_.stream());
    sort_rows(n * k);
    backend.moe_gather({normed.data, a_.source.data(), a_.gathered.at(0), n * k, d}, ops_.stream());
    ops_.grouped_product(l_.expert_gate_up, {a_.gathered.at(0), d}, {a_.expert_gate_up.at(0), 2 * width},
                         a_.offsets.data());
    backend.swiglu({a_.expert_gate_up.at(0), a_.expert_hidden.at(0), n * k, width}, ops_.stream());
    ops_.grouped_product(l_.expert_down, {a_.expert_hidden.at(0), width}, {a_.expert_out.at(0), d}, a_.offsets.data());
    const void* base = a_.middle.at(0);
    if (c_.shared_experts > 0) {
      const int64_t shared_width = c_.shared_experts * width;
      gate(l_.shared_gate_up, -1, shared_width);
      ops_.product(l_.shared_down, {a_.hidden.at(0), shared_width}, {a_.shared.at(0), d}, base);
      base = a_.shared.at(0);
    }
    backend.moe_combine({a_.expert_out.at(0), a_.place.data(), a_.weights.at(0), base, out, n, k, d}, ops_.stream());
  }

  // The order of the rows by expert is made on the host, which needs to know how many rows each expert has.
  void sort_rows(int64_t count) {
    const auto& backend = ops_.backend();
    const auto first = [count](std::vector<int32_t>& values) { return std::span(values).first(count); };
    a_.chosen.read(backend, first(a_.host_chosen), ops_.stream());
    kernels::sort_by_expert(a_.host_chosen.data(), batch_.rows, c_.router.top_k, c_.experts, a_.offsets.data(),
                            a_.host_place.data(), a_.host_source.data());
    a_.place.write(backend, first(a_.host_place), ops_.stream());
    a_.source.write(backend, first(a_.host_source), ops_.stream());
  }

  const ModelConfig& c_;
  const LayerWidths w_;
  const LayerLayout& l_;
  const Weights& weights_;
  const RowBatch& batch_;
  const LayerCache& cache_;
  LayerActivations& a_;
  const LayerOps ops_;
  const bool moe_;
};

}  // namespace

void layer_forward(const Weights& weights, int64_t layer, const RowBatch& batch, const void* x, void* out,
                   const LayerCache& cache, LayerActivations& act, const kernels::Stream& stream) {
  Forward(weights, layer, batch, cache, act, stream).run(x, out);
}

}  // namespace hone::policy
