#include "policy/weights.h"

#include <cmath>

#include "base/philox.h"
#include "base/portable_math.h"

namespace hone::policy {
namespace {

// Two normal numbers of one Philox block (Box and Muller, 1958).
struct NormalPair {
  double a, b;
};

NormalPair normal_pair(uint64_t key, uint32_t parameter, uint64_t pair) {
  const auto r = philox4x32(key, {static_cast<uint32_t>(pair), static_cast<uint32_t>(pair >> 32), parameter, 0});
  const double u = (r[0] + 0.5) * 0x1p-32, turn = 6.283185307179586 * ((r[1] + 0.5) * 0x1p-32);
  const double radius = std::sqrt(-2 * portable_log(u));
  return {radius * portable_cos(turn), radius * portable_sin(turn)};
}

// The absorbed form takes queries through key_up as it stands, not transposed.
bool forward_needs_grad_panels(const ModelConfig& c) {
  return c.attention == Attention::kMla && c.mla == MlaForm::kAbsorbed;
}

template <class F>
void for_matrices(const ParameterLayout& layout, const F& f) {
  for (const LayerLayout& l : layout.layers)
    for (const Matrix* m : {&l.qkv, &l.q_b, &l.kv_b, &l.key_up, &l.value_up, &l.output, &l.gate_up, &l.down, &l.router,
                            &l.expert_gate_up, &l.expert_down, &l.shared_gate_up, &l.shared_down})
      if (m->exists()) f(*m);
  f(layout.head);
}

}  // namespace

Weights::Weights(const ModelConfig& config, const kernels::Backend& backend, bool trainable)
    : config_(config),
      backend_(backend),
      layout_(make_layout(config, backend)),
      data_(backend, layout_.size),
      panels_(backend, layout_.panel_size, backend.compact),
      grad_panels_(backend, trainable || forward_needs_grad_panels(config) ? layout_.grad_panel_size : 0,
                   backend.compact),
      wide_panels_(backend, layout_.wide_panel_size),
      wide_grad_panels_(backend, trainable ? layout_.wide_grad_panel_size : 0) {}

void Weights::initialize(uint64_t key) {
  if (backend_.dtype == kernels::DType::kF64) {
    fill<double>(key);
  } else {
    fill<float>(key);
  }
}

template <class T>
void Weights::fill(uint64_t key) {
  uint32_t index = 0;
  for (const Parameter& p : layout_.parameters) {
    T* data = static_cast<T*>(at(p.offset));
    ++index;
    if (p.cols == 0) {
      for (int64_t i = 0; i < p.size(); ++i) data[i] = static_cast<T>(p.initial);
      continue;
    }
    for (int64_t i = 0; i < p.size(); i += 2) {
      const NormalPair n = normal_pair(key, index, static_cast<uint64_t>(i / 2));
      data[i] = static_cast<T>(static_cast<float>(config_.init_std * n.a));
      if (i + 1 < p.size()) data[i + 1] = static_cast<T>(static_cast<float>(config_.init_std * n.b));
    }
  }
}

void Weights::repack(const kernels::Stream& stream) {
  for_matrices(layout_, [&](const Matrix& m) {
    const auto& backend = m.wide ? *backend_.wide : backend_;
    const Arena &panels = m.wide ? wide_panels_ : panels_, &grad_panels = m.wide ? wide_grad_panels_ : grad_panels_;
    backend.pack_panels({at(m.offset), m.out, m.in, m.count, m.stride, panels.at(m.panels), true}, stream);
    if (grad_panels.size() > 0)
      backend.pack_panels({at(m.offset), m.out, m.in, m.count, m.stride, grad_panels.at(m.grad_panels), false}, stream);
  });
}

}  // namespace hone::policy
