// The matrices of a layout, one after another. Internal to policy/.
#pragma once

#include "policy/parameters.h"

namespace hone::policy {

template <class F>
void for_matrices(const ParameterLayout& layout, const F& f) {
  for (const LayerLayout& l : layout.layers)
    for (const Matrix* m : {&l.qkv, &l.q_b, &l.kv_b, &l.key_up, &l.value_up, &l.output, &l.gate_up, &l.down, &l.router,
                            &l.expert_gate_up, &l.expert_down, &l.shared_gate_up, &l.shared_down})
      if (m->exists()) f(*m);
  f(layout.head);
}

inline bool absorbs(const ModelConfig& c) { return c.attention == Attention::kMla && c.mla == MlaForm::kAbsorbed; }

// The absorbed form takes queries through key_up as it stands: its forward reads the panels that are else for
// gradients, and not the others.
inline bool needs_transposed(const ModelConfig& c, const ParameterLayout& layout, const Matrix& m) {
  if (!absorbs(c)) return false;
  for (const LayerLayout& l : layout.layers)
    if (l.key_up.offset == m.offset && l.key_up.panels == m.panels) return true;
  return false;
}

}  // namespace hone::policy
