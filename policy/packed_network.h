// The network on packed sequences: what training, scoring and reference log-probabilities run. Each layer's keys and
// values go into blocks of a workspace, so attention reads them exactly as the sampler's does.
#pragma once

#include <span>
#include <vector>

#include "policy/layer.h"
#include "policy/rope_table.h"

namespace hone::policy {

// Tokens [start, start + length) of the batch at positions [position, position + length) of their sequence. parent: the
// segment with all positions before (position > 0 needs one), or -1; a parent comes right before the segments that
// share it.
struct PackedSegment {
  int32_t start = 0, length = 0, position = 0, parent = -1;
};

// Tokens whose log-probability is wanted: target[i] after row[i] of the batch.
struct TargetRows {
  std::span<const int32_t> row, target;
  double inverse_temperature = 1;
};

// Owned by one thread. Grows to the largest batch seen; a batch no larger allocates nothing.
class PackedNetwork {
 public:
  // keep_bytes: intermediate values of all layers are kept for the backward while they fit; else each layer is computed
  // again from its input, with the same bits. Needs trainable weights for backward.
  PackedNetwork(const Weights& weights, const kernels::Stream& stream, size_t keep_bytes);

  void forward(std::span<const int32_t> tokens, std::span<const PackedSegment> segments);
  // Of the last forward; logprob and entropy [targets] of the backend's dtype, on the host, as are the gradients below.
  void token_logprobs(const TargetRows& targets, void* logprob, void* entropy);
  // Adds the parameters' gradients for dlogprob and dentropy (nullptr: none) to `gradient`; the targets are those of
  // the last token_logprobs.
  void backward(const TargetRows& targets, const void* dlogprob, const void* dentropy, const Arena& gradient);
  // Tokens that each expert of each layer got in the last forward: [layers][experts], 0 for dense layers.
  std::span<const int64_t> expert_load() const { return expert_load_; }

  // Makes room for batches of so many rows with so many blocks of keys and values.
  void reserve(int64_t rows, int64_t blocks);

 private:
  void plan(std::span<const PackedSegment> segments);
  void plan_blocks(const PackedSegment& segment, size_t index);
  LayerActivations& activations(int64_t layer) { return kept_ ? activations_[layer] : activations_[0]; }
  LayerCache cache(int64_t layer) const;
  void* input(int64_t layer) const { return inputs_.at(layer * capacity_rows_ * weights_.config().hidden_size); }
  void count_load(int64_t layer);
  kernels::TokenLogprobArgs head_args(double inverse_temperature) const;
  // Of one value for each target.
  size_t target_bytes() const { return num_targets_ * kernels::size_of(weights_.backend().dtype); }

  const Weights& weights_;
  const kernels::Stream stream_;
  const size_t keep_bytes_;
  bool kept_ = false;
  int64_t capacity_rows_ = 0, capacity_blocks_ = 0;
  std::vector<LayerActivations> activations_;
  LayerGradients gradients_;
  Arena inputs_, hidden_, dhidden_, dx_, keys_, values_;
  // Of the targets of the last token_logprobs, and the gradients that backward is given.
  Arena logprob_, entropy_, log_normalizer_, dlogprob_, dentropy_;
  int64_t num_targets_ = 0;
  RopeTable rope_;

  DeviceArray<int32_t> device_tokens_, device_positions_, device_rows_, device_targets_;
  std::vector<int32_t> positions_, parents_, families_, tables_;
  std::vector<size_t> table_start_;
  std::vector<kernels::AttentionSpan> spans_;
  std::vector<TailCopy> copies_;
  int64_t num_blocks_ = 0;
  RowBatch batch_;
  std::vector<int64_t> expert_load_;
};

}  // namespace hone::policy
