// Cosines and sines of rotary positions, filled as far as sequences reach.
#pragma once

#include <vector>

#include "policy/arena.h"
#include "policy/model_config.h"

namespace hone::policy {

// Radians per position of each pair of elements: [rope_dim / 2]. Stretched for long contexts as llama3 (transformers'
// modeling_rope_utils) or YaRN (Peng et al., 2023) do. Rounded to f32, and so is position * frequency in the table:
// models were trained with these angles, and exact ones are off by 1e-3 at position 10^4.
std::vector<float> rope_frequencies(const ModelConfig& config);

// What cosines and sines are multiplied by: 1 but for YaRN.
double rope_amplitude(const ModelConfig& config);

// What scores of queries and keys are multiplied by: 1 / sqrt(their dimension), times the square of DeepSeek's YaRN
// factor in latent attention.
double attention_scale(const ModelConfig& config);

// Owned by whoever runs forwards, used by one thread. A position's values depend on nothing but the position.
class RopeTable {
 public:
  RopeTable(const ModelConfig& config, const kernels::Backend& backend);

  // Afterwards data() holds positions [0, count). Requires count <= config.max_positions. Allocates only where the
  // table grows; data() moves then.
  void cover(int64_t count);
  const void* data() const { return table_.at(0); }  // layout: kernels/rope.h

 private:
  template <class T>
  void grow(int64_t count);

  const kernels::Backend& backend_;
  const int64_t dim_, max_positions_;
  const kernels::RopeLayout layout_;
  const std::vector<float> frequencies_;
  const double amplitude_;
  int64_t count_ = 0;
  Arena table_;
};

}  // namespace hone::policy
