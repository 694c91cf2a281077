#include "policy/weights.h"

#include <algorithm>
#include <cstring>

#include "policy/tensor.h"
#include "policy/weight_matrices.h"

namespace hone::policy {
namespace {


int64_t widest_matrix(const ParameterLayout& layout) {
  int64_t most = 0;
  for_matrices(layout, [&](const Matrix& m) { most = m.wide ? std::max(most, m.out * m.in) : most; });
  return most;
}

// count f32 values in tasks of a fixed size.
template <class F>
void for_pieces(int64_t count, const kernels::Stream& stream, const F& f) {
  constexpr int64_t kPiece = 1 << 16;
  stream.team->parallel_for((count + kPiece - 1) / kPiece, [&](int64_t i, int) {
    f(i * kPiece, std::min(kPiece, count - i * kPiece));
  });
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
    if (rounds()) rounded_ = Arena(backend, widest_matrix(layout_));
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
    auto* rounded = static_cast<float*>(rounded_.at(0));
    for_pieces(m.out * m.in, stream, [&](int64_t first, int64_t n) {
      std::memcpy(rounded + first, static_cast<const float*>(w) + first, static_cast<size_t>(n) * sizeof(float));
      round_to_bf16(rounded + first, n);
    });
    w = rounded;
  }
  backend.pack_panels({w, m.out, m.in, m.count, m.stride, arena_of(m).at(m.panels), true}, stream);
  backend.pack_panels({w, m.out, m.in, m.count, m.stride, grad_arena_of(m).at(m.grad_panels), false}, stream);
}

void Weights::repack(const kernels::Stream& stream) {
  HONE_CHECK(use_ == Use::kTrain, "weights for sampling have no masters");
  for_matrices(layout_, [&](const Matrix& m) { repack_matrix(m, stream); });
  refresh_vectors();
  if (table_.size() == 0) return;
  const auto* from = static_cast<const float*>(at(layout_.embedding));
  auto* to = static_cast<uint16_t*>(table_.at(0));
  for_pieces(table_.size(), stream, [&](int64_t first, int64_t n) { to_bf16(from + first, n, to + first); });
}

void Weights::refresh_vectors() {
  if (rounds()) load_vectors(MasterParameters(*this));
}

void MasterParameters::read(size_t parameter, int64_t first, int64_t count, float* out) const {
  const Parameter& p = weights_.layout().parameters[parameter];
  const int64_t cols = p.cols == 0 ? 1 : p.cols;
  const auto* from = static_cast<const float*>(weights_.at(p.offset)) + first * cols;
  std::memcpy(out, from, static_cast<size_t>(count * cols) * sizeof(float));
}

}  // namespace hone::policy
