// The network against a paged key-value cache: the Decoder that the sampling engine drives. Runs the same layer code
// over the same weights as PackedNetwork.
#pragma once

#include <vector>

#include "policy/decoder.h"
#include "policy/layer.h"
#include "policy/rope_table.h"

namespace hone::policy {

class PagedDecoder final : public Decoder {
 public:
  // The cache of num_blocks blocks and buffers for max_rows rows are allocated here. f32 weights only.
  PagedDecoder(const Weights& weights, const kernels::Stream& stream, int32_t num_blocks, int32_t max_rows);

  int32_t num_blocks() const override { return num_blocks_; }
  int32_t max_rows() const override { return max_rows_; }
  int32_t max_positions() const override { return static_cast<int32_t>(weights_.config().max_positions); }
  void forward(std::span<const int32_t> tokens, std::span<const DecodeSpan> spans) override;
  void draw(std::span<const DrawRequest> requests, std::span<Draw> draws) override;
  void copy_block(int32_t from, int32_t to, int32_t num_tokens) override;

  // Bytes of cache per block.
  static int64_t block_bytes(const Weights& weights);

 private:
  LayerCache cache(int64_t layer) const;

  const Weights& weights_;
  const kernels::Stream stream_;
  const int32_t num_blocks_, max_rows_;
  const LayerWidths widths_;
  LayerActivations activations_;
  Arena input_, output_, hidden_, keys_, values_;
  RopeTable rope_;
  std::vector<int32_t> positions_;
  std::vector<kernels::AttentionSpan> spans_;
  std::vector<kernels::DrawItem> items_;
  std::vector<kernels::DrawResult> results_;
  DeviceArray<int32_t> device_tokens_, device_positions_;
  DeviceArray<kernels::DrawItem> device_items_;
  DeviceArray<kernels::DrawResult> device_results_;
};

}  // namespace hone::policy
