// The parameters of one policy in memory, with the packed panels that its products read.
//
// What the network computes with is a function of the values that a checkpoint holds: where the backend's compact type
// is bf16, every parameter but the router's correction bias is used as the nearest bf16 of its master.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "policy/arena.h"
#include "policy/parameter_source.h"
#include "policy/parameters.h"

namespace hone::policy {

enum class Use {
  kTrain,   // masters in dtype, panels for both directions
  kSample,  // only what the forward reads: panels, one-dimensional parameters, a table where the head is not tied
};

// One copy serves sampler and trainer. Owned by one thread; whoever changes masters calls repack before the next
// forward.
class Weights {
 public:
  Weights(const ModelConfig& config, const kernels::Backend& backend, Use use);

  const ModelConfig& config() const { return config_; }
  const kernels::Backend& backend() const { return backend_; }
  const ParameterLayout& layout() const { return layout_; }
  Use use() const { return use_; }
  int64_t size() const { return layout_.size; }
  // Memory that is held once values are there.
  int64_t bytes() const;

  // Masters; only in training.
  void* at(int64_t offset) const {
    HONE_CHECK(use_ == Use::kTrain, "weights for sampling have no masters");
    return data_.at(offset);
  }
  // A one-dimensional parameter as kernels read it, in dtype. Those side by side in the layout are so here.
  const void* vector(int64_t offset) const;
  const void* panels(const Matrix& m, int64_t index = 0) const {
    return (m.wide ? wide_panels_ : panels_).at(m.panels + index * m.panel_stride);
  }
  const void* grad_panels(const Matrix& m, int64_t index = 0) const {
    return (m.wide ? wide_grad_panels_ : grad_panels_).at(m.grad_panels + index * m.grad_stride);
  }
  // out [rows, hidden] = embeddings of the tokens, which are in the backend's memory.
  void embed(const int32_t* tokens, int64_t rows, void* out, const kernels::Stream& stream) const;

  // Masters of policy/parameter_source.h, RandomParameters; not packed.
  void initialize(uint64_t key);
  // Takes all values and leaves them packed. In sampling nothing of the weights' size is allocated on the way. f64: the
  // values are f32.
  void load(const ParameterSource& source, const kernels::Stream& stream);
  // Rewrites all that is derived from the masters. Allocates nothing.
  void repack(const kernels::Stream& stream);
  // The same for one-dimensional parameters alone.
  void refresh_vectors();

 private:
  bool rounds() const { return backend_.compact != backend_.dtype; }
  const kernels::Backend& backend_of(const Matrix& m) const { return m.wide ? *backend_.wide : backend_; }
  const Arena& arena_of(const Matrix& m) const { return m.wide ? wide_panels_ : panels_; }
  const Arena& grad_arena_of(const Matrix& m) const { return m.wide ? wide_grad_panels_ : grad_panels_; }

  void plan_vectors();
  void load_masters(const ParameterSource& source, const kernels::Stream& stream);
  void load_panels(const ParameterSource& source, const Matrix& m, const kernels::Stream& stream);
  void load_transposed(const ParameterSource& source, const Matrix& m, const kernels::Stream& stream);
  void load_vectors(const ParameterSource& source);
  void load_table(const ParameterSource& source, const kernels::Stream& stream);
  void repack_matrix(const Matrix& m, const kernels::Stream& stream);

  ModelConfig config_;
  const kernels::Backend& backend_;
  const Use use_;
  ParameterLayout layout_;
  Arena data_, panels_, grad_panels_, wide_panels_, wide_grad_panels_;
  Arena table_;    // embeddings in the compact type, where neither the masters nor the head's panels serve
  Arena vectors_;  // one-dimensional parameters, where the masters do not serve
  Arena rounded_;  // bf16 in training: the wide matrix that is being packed
  std::vector<float> staging_;  // on the host: what is rounded on its way to vectors_ and rounded_
  std::vector<std::pair<int64_t, int64_t>> vector_places_;  // (offset, place in vectors_), ascending
};

// The masters of weights that train.
class MasterParameters final : public ParameterSource {
 public:
  explicit MasterParameters(const Weights& weights) : weights_(weights) {}
  void read(size_t parameter, int64_t first, int64_t count, float* out) const override;

 private:
  const Weights& weights_;
};

}  // namespace hone::policy
