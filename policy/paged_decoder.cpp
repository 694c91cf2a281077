#include "policy/paged_decoder.h"

#include <algorithm>
#include <utility>

namespace hone::policy {

static_assert(kBlockTokens == kernels::kAttentionBlock);

PagedDecoder::PagedDecoder(const Weights& weights, const kernels::Stream& stream, int32_t num_blocks, int32_t max_rows)
    : weights_(weights), stream_(stream), num_blocks_(num_blocks), max_rows_(max_rows), widths_(weights.config()),
      activations_(weights.config(), weights.backend(), max_rows), rope_(weights.config(), weights.backend()) {
  const auto& backend = weights.backend();
  const ModelConfig& c = weights.config();
  HONE_CHECK(backend.dtype == kernels::DType::kF32, "sampling is in f32");
  input_ = Arena(backend, max_rows * c.hidden_size);
  output_ = Arena(backend, max_rows * c.hidden_size);
  hidden_ = Arena(backend, max_rows * c.hidden_size);
  keys_ = Arena(backend, c.layers * num_blocks * widths_.kv.key_elements(), backend.compact);
  values_ = Arena(backend, c.layers * num_blocks * widths_.kv.value_elements(), backend.compact);
  device_tokens_.reserve(backend, max_rows);
  device_positions_.reserve(backend, max_rows);
  device_items_.reserve(backend, max_rows);
  device_results_.reserve(backend, max_rows);
}

int64_t PagedDecoder::block_bytes(const Weights& weights) {
  const LayerWidths w(weights.config());
  return weights.config().layers * (w.kv.key_elements() + w.kv.value_elements()) *
         static_cast<int64_t>(kernels::size_of(weights.backend().compact));
}

LayerCache PagedDecoder::cache(int64_t layer) const {
  return {keys_.at(layer * num_blocks_ * widths_.kv.key_elements()),
          values_.at(layer * num_blocks_ * widths_.kv.value_elements())};
}

void PagedDecoder::forward(std::span<const int32_t> tokens, std::span<const DecodeSpan> spans) {
  HONE_CHECK_LE(static_cast<int64_t>(tokens.size()), max_rows_);
  const ModelConfig& c = weights_.config();
  const auto& backend = weights_.backend();
  positions_.clear();
  spans_.clear();
  for (const DecodeSpan& s : spans) {
    HONE_CHECK_EQ(static_cast<size_t>(s.first_row), positions_.size());
    HONE_CHECK_LE(s.position + s.num_rows, max_positions());
    for (int32_t i = 0; i < s.num_rows; ++i) positions_.push_back(s.position + i);
    spans_.push_back({s.first_row, s.num_rows, s.position, s.blocks});
  }
  HONE_CHECK_EQ(tokens.size(), positions_.size());
  RowBatch batch;
  batch.rows = static_cast<int64_t>(tokens.size());
  batch.positions = device_positions_.write(backend, positions_, stream_);
  batch.spans = spans_.data();
  batch.num_spans = static_cast<int64_t>(spans_.size());
  if (!positions_.empty()) rope_.cover(*std::max_element(positions_.begin(), positions_.end()) + 1);
  batch.rope_table = rope_.data();
  weights_.embed(device_tokens_.write(backend, tokens, stream_), batch.rows, input_.at(0), stream_);
  for (int64_t l = 0; l < c.layers; ++l) {
    layer_forward(weights_, l, batch, input_.at(0), output_.at(0), cache(l), activations_, stream_);
    std::swap(input_, output_);
  }
  backend.rms_norm({input_.at(0), weights_.vector(weights_.layout().final_norm), hidden_.at(0), c.hidden_size,
                    c.hidden_size, batch.rows, 1, c.hidden_size, c.norm_epsilon},
                   stream_);
}

void PagedDecoder::draw(std::span<const DrawRequest> requests, std::span<Draw> draws) {
  HONE_CHECK_EQ(requests.size(), draws.size());
  items_.clear();
  for (const DrawRequest& r : requests)
    items_.push_back(
        {r.row, r.key, r.position, r.sample, r.serial, r.params.temperature, r.params.top_p, r.params.top_k});
  results_.resize(items_.size());
  const ModelConfig& c = weights_.config();
  const auto& backend = weights_.backend();
  device_results_.reserve(backend, items_.size());
  backend.draw({hidden_.at(0), c.hidden_size, weights_.panels(weights_.layout().head), c.vocab_size,
                device_items_.write(backend, items_, stream_), device_results_.data(),
                static_cast<int64_t>(items_.size())},
               stream_);
  device_results_.read(backend, results_, stream_);
  for (size_t i = 0; i < results_.size(); ++i) draws[i] = {results_[i].token, results_[i].logprob, results_[i].entropy};
}

void PagedDecoder::copy_block(int32_t from, int32_t to, int32_t num_tokens) {
  for (int64_t l = 0; l < weights_.config().layers; ++l) {
    const LayerCache c = cache(l);
    weights_.backend().kv_copy({widths_.kv, c.keys, c.values, from, to, num_tokens}, stream_);
  }
}

}  // namespace hone::policy
