#include "policy/packed_network.h"

#include <algorithm>

namespace hone::policy {
namespace {

constexpr int kBlock = kernels::kAttentionBlock;

size_t activation_bytes(const ModelConfig& c, const kernels::Backend& backend, int64_t rows) {
  const LayerWidths w(c);
  const int64_t attention = w.qkv + w.query + w.kv_up + w.attention + c.heads + w.value;
  const int64_t dense = 6 * c.hidden_size + attention;
  const int64_t mlp = 3 * std::max(c.intermediate_size, c.shared_experts * c.moe_intermediate_size) +
                      c.router.top_k * (2 * c.hidden_size + 3 * c.moe_intermediate_size) + 2 * c.experts;
  return static_cast<size_t>(rows * (dense + mlp)) * kernels::size_of(backend.dtype);
}

}  // namespace

PackedNetwork::PackedNetwork(const Weights& weights, const kernels::Stream& stream, size_t keep_bytes)
    : weights_(weights), stream_(stream), keep_bytes_(keep_bytes), rope_(weights.config(), weights.backend()),
      expert_load_(weights.config().layers * weights.config().experts) {}

void PackedNetwork::reserve(int64_t rows, int64_t blocks) {
  if (rows <= capacity_rows_ && blocks <= capacity_blocks_) return;
  capacity_rows_ = std::max(rows, capacity_rows_);
  capacity_blocks_ = std::max(blocks, capacity_blocks_);
  const ModelConfig& c = weights_.config();
  const auto& backend = weights_.backend();
  const LayerWidths w(c);
  kept_ = activation_bytes(c, backend, capacity_rows_) * static_cast<size_t>(c.layers) <= keep_bytes_;
  const int64_t sets = kept_ ? c.layers : 1;
  activations_.clear();
  for (int64_t i = 0; i < sets; ++i) activations_.emplace_back(c, backend, capacity_rows_);
  gradients_ = LayerGradients(c, backend, capacity_rows_, capacity_blocks_);
  inputs_ = Arena(backend, (c.layers + 1) * capacity_rows_ * c.hidden_size);
  hidden_ = Arena(backend, capacity_rows_ * c.hidden_size);
  dhidden_ = Arena(backend, capacity_rows_ * c.hidden_size);
  dx_ = Arena(backend, capacity_rows_ * c.hidden_size);
  keys_ = Arena(backend, sets * capacity_blocks_ * w.kv.key_elements(), backend.compact);
  values_ = Arena(backend, sets * capacity_blocks_ * w.kv.value_elements(), backend.compact);
}

LayerCache PackedNetwork::cache(int64_t layer) const {
  const LayerWidths w(weights_.config());
  const int64_t first = kept_ ? layer * capacity_blocks_ : 0;
  return {keys_.at(first * w.kv.key_elements()), values_.at(first * w.kv.value_elements())};
}

// Block table of one segment: the parent's full blocks, then blocks of its own, the first of which repeats the parent's
// tail.
void PackedNetwork::plan_blocks(const PackedSegment& s, size_t index) {
  table_start_.push_back(tables_.size());
  const int32_t shared = s.position / kBlock, tail = s.position % kBlock;
  for (int32_t b = 0; b < shared; ++b) tables_.push_back(tables_[table_start_[s.parent] + b]);
  const int32_t first_own = static_cast<int32_t>(num_blocks_);
  for (int64_t p = int64_t{shared} * kBlock; p < s.position + s.length; p += kBlock)
    tables_.push_back(static_cast<int32_t>(num_blocks_++));
  if (tail > 0) copies_.push_back({tables_[table_start_[s.parent] + shared], first_own, tail});
  for (int32_t i = 0; i < s.length; ++i) positions_.push_back(s.position + i);
  spans_.push_back({s.start, s.length, s.position, nullptr});
  parents_.push_back(s.parent);
  if (s.parent < 0) families_.push_back(static_cast<int32_t>(index));
}

void PackedNetwork::plan(std::span<const PackedSegment> segments) {
  for (auto* v : {&positions_, &parents_, &families_, &tables_}) v->clear();
  table_start_.clear();
  spans_.clear();
  copies_.clear();
  num_blocks_ = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    const PackedSegment& s = segments[i];
    HONE_CHECK_EQ(static_cast<size_t>(s.start), positions_.size());
    HONE_CHECK_LT(0, s.length);
    HONE_CHECK_LE(s.position + s.length, weights_.config().max_positions);
    if (s.parent < 0) {
      HONE_CHECK_EQ(s.position, 0);
    } else {
      HONE_CHECK_LE(families_.back(), s.parent);
      HONE_CHECK_EQ(segments[s.parent].length, s.position);
    }
    plan_blocks(s, i);
  }
  families_.push_back(static_cast<int32_t>(segments.size()));
  for (size_t i = 0; i < spans_.size(); ++i) spans_[i].blocks = tables_.data() + table_start_[i];
  batch_ = {static_cast<int64_t>(positions_.size()), nullptr,           spans_.data(), parents_.data(),
            static_cast<int64_t>(spans_.size()),     families_.data(),  static_cast<int64_t>(families_.size()) - 1,
            copies_.data(),                          static_cast<int64_t>(copies_.size())};
  if (!positions_.empty()) rope_.cover(*std::max_element(positions_.begin(), positions_.end()) + 1);
  batch_.rope_table = rope_.data();
  batch_.positions = device_positions_.write(weights_.backend(), positions_, stream_);
}

void PackedNetwork::count_load(int64_t layer) {
  const ModelConfig& c = weights_.config();
  if (!c.has_experts(layer)) return;
  const auto& offsets = activations(layer).offsets;
  for (int64_t e = 0; e < c.experts; ++e) expert_load_[layer * c.experts + e] = offsets[e + 1] - offsets[e];
}

void PackedNetwork::forward(std::span<const int32_t> tokens, std::span<const PackedSegment> segments) {
  plan(segments);
  HONE_CHECK_EQ(static_cast<int64_t>(tokens.size()), batch_.rows);
  reserve(batch_.rows, num_blocks_);
  const ModelConfig& c = weights_.config();
  const auto& backend = weights_.backend();
  weights_.embed(device_tokens_.write(backend, tokens, stream_), batch_.rows, input(0), stream_);
  for (int64_t l = 0; l < c.layers; ++l) {
    layer_forward(weights_, l, batch_, input(l), input(l + 1), cache(l), activations(l), stream_);
    count_load(l);
  }
  backend.rms_norm({input(c.layers), weights_.vector(weights_.layout().final_norm), hidden_.at(0), c.hidden_size,
                    c.hidden_size, batch_.rows, 1, c.hidden_size, c.norm_epsilon},
                   stream_);
}

kernels::TokenLogprobArgs PackedNetwork::head_args(double inverse_temperature) const {
  const ModelConfig& c = weights_.config();
  return {hidden_.at(0),        c.hidden_size, weights_.panels(weights_.layout().head), c.vocab_size,
          device_rows_.data(),  device_targets_.data(), num_targets_, inverse_temperature, logprob_.at(0),
          entropy_.at(0),       log_normalizer_.at(0)};
}

void PackedNetwork::token_logprobs(const TargetRows& t, void* logprob, void* entropy) {
  const auto& backend = weights_.backend();
  num_targets_ = static_cast<int64_t>(t.row.size());
  if (num_targets_ > logprob_.size())
    for (Arena* arena : {&logprob_, &entropy_, &log_normalizer_, &dlogprob_, &dentropy_})
      *arena = Arena(backend, num_targets_);
  device_rows_.write(backend, t.row, stream_);
  device_targets_.write(backend, t.target, stream_);
  backend.token_logprob(head_args(t.inverse_temperature), stream_);
  backend.read(logprob, logprob_.at(0), target_bytes(), stream_);
  backend.read(entropy, entropy_.at(0), target_bytes(), stream_);
}

void PackedNetwork::backward(const TargetRows& t, const void* dlogprob, const void* dentropy, const Arena& gradient) {
  HONE_CHECK_EQ(static_cast<int64_t>(t.row.size()), num_targets_);
  const ModelConfig& c = weights_.config();
  const auto& backend = weights_.backend();
  const auto& layout = weights_.layout();
  const int64_t d = c.hidden_size, n = batch_.rows;
  backend.zero({dhidden_.at(0), n * d}, stream_);
  kernels::TokenLogprobBackwardArgs head;
  head.forward = head_args(t.inverse_temperature);
  head.panels_grad = weights_.grad_panels(layout.head);
  backend.write(dlogprob_.at(0), dlogprob, target_bytes(), stream_);
  head.dlogprob = dlogprob_.at(0);
  if (dentropy) {
    backend.write(dentropy_.at(0), dentropy, target_bytes(), stream_);
    head.dentropy = dentropy_.at(0);
  }
  head.dhidden = dhidden_.at(0);
  head.dhead = gradient.at(layout.head.offset);
  backend.token_logprob_backward(head, stream_);
  backend.rms_norm_backward({input(c.layers), weights_.vector(layout.final_norm), dhidden_.at(0), dx_.at(0),
                             gradient.at(layout.final_norm), d, d, d, n, 1, d, c.norm_epsilon, false},
                            stream_);
  for (int64_t l = c.layers - 1; l >= 0; --l) {
    // Without kept values only the last layer's are there; its output is not needed again, so dhidden serves as a sink.
    if (!kept_ && l + 1 < c.layers)
      layer_forward(weights_, l, batch_, input(l), dhidden_.at(0), cache(l), activations(l), stream_);
    layer_backward(weights_, l, batch_, input(l), dx_.at(0), cache(l), activations(l), gradients_, gradient, stream_);
  }
  backend.embed_backward({dx_.at(0), device_tokens_.data(), gradient.at(layout.embedding), n, d}, stream_);
}

}  // namespace hone::policy
