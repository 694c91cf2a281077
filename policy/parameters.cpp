#include "policy/parameters.h"

#include "base/check.h"

namespace hone::policy {
namespace {

class Builder {
 public:
  Builder(const ModelConfig& config, const kernels::Backend& backend) : config_(config), backend_(backend) {}

  ParameterLayout build() {
    out_.embedding = vector("model.embed_tokens.weight", config_.vocab_size, config_.hidden_size);
    for (int64_t i = 0; i < config_.layers; ++i) out_.layers.push_back(layer(i));
    out_.final_norm = vector("model.norm.weight", config_.hidden_size);
    if (config_.tie_embeddings) {
      out_.head = matrix(out_.embedding, config_.vocab_size, config_.hidden_size);
    } else {
      out_.head = matrix("lm_head.weight", config_.vocab_size, config_.hidden_size);
    }
    return std::move(out_);
  }

 private:
  int64_t bias(const std::string& name, int64_t rows) {
    const int64_t offset = vector(name, rows);
    out_.parameters.back().initial = 0;
    return offset;
  }

  int64_t vector(const std::string& name, int64_t rows, int64_t cols = 0) {
    out_.parameters.push_back({name, out_.size, rows, cols});
    const int64_t offset = out_.size;
    out_.size += out_.parameters.back().size();
    return offset;
  }

  // Places panels for the matrices of m.
  void add_panels(Matrix& m, const kernels::Backend& backend, int64_t& panel_size, int64_t& grad_panel_size) {
    const auto elements = [&](int64_t k, int64_t n) {
      return kernels::panel_elements(k, n, backend.panel_cols, backend.panel_depth);
    };
    m.panels = panel_size;
    m.panel_stride = elements(m.in, m.out);
    panel_size += m.panel_stride * m.count;
    m.grad_panels = grad_panel_size;
    m.grad_stride = elements(m.out, m.in);
    grad_panel_size += m.grad_stride * m.count;
  }

  // `count` matrices [out, in] at a place of the arena.
  Matrix matrix(int64_t offset, int64_t out, int64_t in, int64_t count = 1, int64_t stride = 0) {
    Matrix m{offset, out, in, count, stride > 0 ? stride : out * in};
    add_panels(m, backend_, out_.panel_size, out_.grad_panel_size);
    return m;
  }

  Matrix matrix(const std::string& name, int64_t out, int64_t in) { return matrix(vector(name, out, in), out, in); }

  Matrix wide_matrix(const std::string& name, int64_t out, int64_t in) {
    Matrix m{vector(name, out, in), out, in, 1, out * in};
    out_.parameters.back().wide = m.wide = true;
    add_panels(m, *backend_.wide, out_.wide_panel_size, out_.wide_grad_panel_size);
    return m;
  }

  LayerLayout layer(int64_t index) {
    const std::string prefix = str("model.layers.", index, ".");
    const int64_t d = config_.hidden_size;
    LayerLayout l;
    l.input_norm = vector(prefix + "input_layernorm.weight", d);
    if (config_.attention == Attention::kMla) {
      mla(prefix + "self_attn.", l);
    } else {
      gqa(prefix + "self_attn.", l);
    }
    l.post_norm = vector(prefix + "post_attention_layernorm.weight", d);
    if (config_.has_experts(index)) {
      experts(prefix + "mlp.", l);
    } else {
      dense(prefix + "mlp.", l);
    }
    return l;
  }

  void gqa(const std::string& prefix, LayerLayout& l) {
    const int64_t d = config_.hidden_size, q = config_.heads * config_.head_dim,
                  kv = config_.kv_heads * config_.head_dim;
    const int64_t offset = vector(prefix + "q_proj.weight", q, d);
    vector(prefix + "k_proj.weight", kv, d);
    vector(prefix + "v_proj.weight", kv, d);
    l.qkv = matrix(offset, q + 2 * kv, d);
    if (config_.qkv_bias) {
      l.qkv_bias = bias(prefix + "q_proj.bias", q);
      bias(prefix + "k_proj.bias", kv);
      bias(prefix + "v_proj.bias", kv);
    }
    if (config_.qk_norm != QkNorm::kNone) {
      const bool per_head = config_.qk_norm == QkNorm::kPerHead;
      l.q_norm = vector(prefix + "q_norm.weight", per_head ? config_.head_dim : q);
      l.k_norm = vector(prefix + "k_norm.weight", per_head ? config_.head_dim : kv);
    }
    l.output = matrix(prefix + "o_proj.weight", d, q);
    if (config_.output_bias) l.output_bias = bias(prefix + "o_proj.bias", d);
  }

  void mla(const std::string& prefix, LayerLayout& l) {
    const ModelConfig& c = config_;
    const int64_t q = c.heads * c.query_dim(), latent = c.kv_lora_rank, kv_head = c.qk_nope_head_dim + c.v_head_dim;
    const int64_t first = c.q_lora_rank > 0 ? c.q_lora_rank : q;
    const int64_t offset =
        vector(prefix + (c.q_lora_rank > 0 ? "q_a_proj.weight" : "q_proj.weight"), first, c.hidden_size);
    vector(prefix + "kv_a_proj_with_mqa.weight", latent + c.qk_rope_head_dim, c.hidden_size);
    l.qkv = matrix(offset, first + latent + c.qk_rope_head_dim, c.hidden_size);
    if (c.q_lora_rank > 0) {
      l.q_a_norm = vector(prefix + "q_a_layernorm.weight", c.q_lora_rank);
      l.q_b = matrix(prefix + "q_b_proj.weight", q, c.q_lora_rank);
    }
    l.kv_a_norm = vector(prefix + "kv_a_layernorm.weight", latent);
    const int64_t kv_b = vector(prefix + "kv_b_proj.weight", c.heads * kv_head, latent);
    if (c.mla == MlaForm::kExpanded) {
      l.kv_b = matrix(kv_b, c.heads * kv_head, latent);
    } else {
      l.key_up = matrix(kv_b, c.qk_nope_head_dim, latent, c.heads, kv_head * latent);
      l.value_up = matrix(kv_b + c.qk_nope_head_dim * latent, c.v_head_dim, latent, c.heads, kv_head * latent);
    }
    l.output = matrix(prefix + "o_proj.weight", c.hidden_size, c.heads * c.v_head_dim);
  }

  Matrix gate_up(const std::string& prefix, int64_t width) {
    const int64_t offset = vector(prefix + "gate_proj.weight", width, config_.hidden_size);
    vector(prefix + "up_proj.weight", width, config_.hidden_size);
    return matrix(offset, 2 * width, config_.hidden_size);
  }

  void dense(const std::string& prefix, LayerLayout& l) {
    const int64_t d = config_.hidden_size, width = config_.intermediate_size;
    l.gate_up = gate_up(prefix, width);
    if (config_.mlp_bias) {
      l.gate_up_bias = bias(prefix + "gate_proj.bias", width);
      bias(prefix + "up_proj.bias", width);
    }
    l.down = matrix(prefix + "down_proj.weight", d, width);
    if (config_.mlp_bias) l.down_bias = bias(prefix + "down_proj.bias", d);
  }

  // Experts lie in the arena as a fused tensor holds them, so a place is the same in both.
  void expert(const std::string& name, int64_t rows, int64_t cols, const FusedSource& source, int64_t first) {
    vector(name, rows, cols);
    out_.parameters.back().fused = source;
    out_.parameters.back().fused.first = first;
  }

  void experts(const std::string& prefix, LayerLayout& l) {
    const int64_t d = config_.hidden_size, width = config_.moe_intermediate_size;
    l.router = wide_matrix(prefix + "gate.weight", config_.experts, d);
    if (config_.correction_bias) {
      l.router_bias = bias(prefix + "gate.e_score_correction_bias", config_.experts);
      out_.parameters.back().trained = false;
    }
    const FusedSource gate_up_source{prefix + "experts.gate_up_proj", config_.experts, 2 * width, d};
    const FusedSource down_source{prefix + "experts.down_proj", config_.experts, d, width};
    const int64_t gate = out_.size;
    for (int64_t e = 0; e < config_.experts; ++e) {
      expert(str(prefix, "experts.", e, ".gate_proj.weight"), width, d, gate_up_source, out_.size - gate);
      expert(str(prefix, "experts.", e, ".up_proj.weight"), width, d, gate_up_source, out_.size - gate);
    }
    l.expert_gate_up = matrix(gate, 2 * width, d, config_.experts);
    const int64_t down = out_.size;
    for (int64_t e = 0; e < config_.experts; ++e)
      expert(str(prefix, "experts.", e, ".down_proj.weight"), d, width, down_source, out_.size - down);
    l.expert_down = matrix(down, d, width, config_.experts);
    if (config_.shared_experts > 0) {
      l.shared_gate_up = gate_up(prefix + "shared_experts.", config_.shared_experts * width);
      l.shared_down = matrix(prefix + "shared_experts.down_proj.weight", d, config_.shared_experts * width);
    }
  }

  const ModelConfig& config_;
  const kernels::Backend& backend_;
  ParameterLayout out_;
};

}  // namespace

ParameterLayout make_layout(const ModelConfig& config, const kernels::Backend& backend) {
  return Builder(config, backend).build();
}

}  // namespace hone::policy
