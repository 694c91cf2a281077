#include "policy/weights.h"

#include <algorithm>

#include "policy/tensor.h"
#include "policy/weight_matrices.h"

namespace hone::policy {
namespace {

int64_t widest_matrix(const ParameterLayout& layout) {
  int64_t most = 0;
  for_matrices(layout, [&](const Matrix& m) { most = m.wide ? std::max(most, m.out * m.in) : most; });
  return most;
}

}  // namespace

Weights::Weights(const ModelConfig& config, const kernels::Backend& backend, Use use)
    : config_(config),
      backend_(backend),
      use_(use),
      layout_(make_layout(config, backend)),
      panels_(backend, layout_.panel_size, backend.compact),
      wide_panels_(backend, layout_.wide_panel_size) {
  const bool train = use == Use::kTrain;
  // Pages that nobody touches take no memory: in sampling only the matrices that needs_transposed names are written.
  if (train || absorbs(config)) grad_panels_ = Arena(backend, layout_.grad_panel_size, backend.compact);
  if (train) {
    data_ = Arena(backend, layout_.size);
    wide_grad_panels_ = Arena(backend, layout_.wide_grad_panel_size);
    if (rounds()) {
      staging_.resize(static_cast<size_t>(widest_matrix(layout_)));
      rounded_ = Arena(backend, widest_matrix(layout_));
    }
  }
  if (!config.tie_embeddings && (!train || rounds()))
    table_ = Arena(backend, config.vocab_size * config.hidden_size, backend.compact);
  if (!train || rounds()) plan_vectors();
}

void Weights::plan_vectors() {
  int64_t size = 0;
  for (const Parameter& p : layout_.parameters) {
    if (p.cols != 0) continue;
    vector_places_.emplace_back(p.offset, size);
    size += p.rows;
    staging_.resize(std::max(staging_.size(), static_cast<size_t>(p.rows)));
  }
  vectors_ = Arena(backend_, size);
}

int64_t Weights::bytes() const {
  size_t total = 0;
  for (const Arena* arena : {&data_, &panels_, &wide_panels_, &wide_grad_panels_, &table_, &vectors_, &rounded_})
    total += arena->bytes();
  if (use_ == Use::kTrain) return static_cast<int64_t>(total + grad_panels_.bytes());
  for_matrices(layout_, [&](const Matrix& m) {
    if (needs_transposed(config_, layout_, m))
      total += static_cast<size_t>(m.grad_stride * m.count) * kernels::size_of(backend_.compact);
  });
  return static_cast<int64_t>(total);
}

const void* Weights::vector(int64_t offset) const {
  if (vector_places_.empty()) return data_.at(offset);
  const auto after = std::upper_bound(vector_places_.begin(), vector_places_.end(), std::pair(offset, INT64_MAX));
  const auto& [begin, place] = after[-1];
  return vectors_.at(place + offset - begin);
}

void Weights::embed(const int32_t* tokens, int64_t rows, void* out, const kernels::Stream& stream) const {
  kernels::EmbedArgs args{nullptr, tokens, out, rows, config_.hidden_size};
  if (table_.size() > 0) {
    args.table = table_.at(0);
  } else if (use_ == Use::kTrain && !rounds()) {
    args.table = data_.at(layout_.embedding);
  } else {
    args.panels = panels(layout_.head);
  }
  backend_.embed(args, stream);
}

void Weights::repack_matrix(const Matrix& m, const kernels::Stream& stream) {
  const kernels::Backend& backend = backend_of(m);
  const void* w = at(m.offset);
  if (m.wide && rounds()) {
    HONE_CHECK_EQ(m.count, 1);
    const int64_t count = m.out * m.in;
    backend.read(staging_.data(), w, count * sizeof(float), stream);
    round_to_bf16(staging_.data(), count);
    backend.write(rounded_.at(0), staging_.data(), count * sizeof(float), stream);
    w = rounded_.at(0);
  }
  backend.pack_panels({w, m.out, m.in, m.count, m.stride, arena_of(m).at(m.panels), true}, stream);
  backend.pack_panels({w, m.out, m.in, m.count, m.stride, grad_arena_of(m).at(m.grad_panels), false}, stream);
}

void Weights::repack(const kernels::Stream& stream) {
  HONE_CHECK(use_ == Use::kTrain, "weights for sampling have no masters");
  for_matrices(layout_, [&](const Matrix& m) { repack_matrix(m, stream); });
  refresh_vectors();
  if (table_.size() > 0) backend_.to_compact({at(layout_.embedding), table_.at(0), table_.size()}, stream);
}

void Weights::refresh_vectors() {
  if (rounds()) load_vectors(MasterParameters(*this));
}

void MasterParameters::read(size_t parameter, int64_t first, int64_t count, float* out) const {
  const Parameter& p = weights_.layout().parameters[parameter];
  const int64_t cols = p.cols == 0 ? 1 : p.cols;
  weights_.backend().read(out, weights_.at(p.offset + first * cols), static_cast<size_t>(count * cols) * sizeof(float),
                          {});
}

}  // namespace hone::policy
