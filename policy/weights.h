// The parameters of one policy in memory, with the packed panels that its products read.
#pragma once

#include <string_view>

#include "policy/arena.h"
#include "policy/parameters.h"

namespace hone::policy {

// One copy serves sampler and trainer. Owned by one thread; whoever changes weights calls repack before the next
// forward.
class Weights {
 public:
  // trainable: also panels for gradients of inputs.
  Weights(const ModelConfig& config, const kernels::Backend& backend, bool trainable);

  const ModelConfig& config() const { return config_; }
  const kernels::Backend& backend() const { return backend_; }
  const ParameterLayout& layout() const { return layout_; }

  void* at(int64_t offset) const { return data_.at(offset); }
  // A one-dimensional parameter as kernels read it, in dtype.
  const void* vector(int64_t offset) const { return data_.at(offset); }
  const void* panels(const Matrix& m, int64_t index = 0) const {
    return (m.wide ? wide_panels_ : panels_).at(m.panels + index * m.panel_stride);
  }
  const void* grad_panels(const Matrix& m, int64_t index = 0) const {
    return (m.wide ? wide_grad_panels_ : grad_panels_).at(m.grad_panels + index * m.grad_stride);
  }
  int64_t size() const { return layout_.size; }

  // Normal numbers of standard deviation config.init_std from Philox, norms 1, biases 0: a function of (config,
  // key).
  void initialize(uint64_t key);
  void repack(const kernels::Stream& stream);

 private:
  template <class T>
  void fill(uint64_t key);

  ModelConfig config_;
  const kernels::Backend& backend_;
  ParameterLayout layout_;
  Arena data_, panels_, grad_panels_, wide_panels_, wide_grad_panels_;
};

}  // namespace hone::policy
