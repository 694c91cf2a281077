// Values from a source into weights. Sampling takes them a few rows at a time straight into the panels.
#include <algorithm>
#include <memory>
#include <type_traits>

#include "policy/tensor.h"
#include "policy/weight_matrices.h"
#include "policy/weights.h"

namespace hone::policy {
namespace {

constexpr int64_t kPieceElements = 1 << 16;  // rows that are converted at a time have about so many elements

int64_t columns(const Parameter& p) { return p.cols == 0 ? 1 : p.cols; }

// The parameter that holds the element at `offset`.
size_t parameter_at(const ParameterLayout& layout, int64_t offset) {
  const auto after = std::ranges::upper_bound(layout.parameters, offset, {}, &Parameter::offset);
  return static_cast<size_t>(after - layout.parameters.begin()) - 1;
}

// The parameters of [offset, offset + count).
template <class F>
void for_parameters(const ParameterLayout& layout, int64_t offset, int64_t count, const F& f) {
  for (size_t i = parameter_at(layout, offset); i < layout.parameters.size(); ++i) {
    if (layout.parameters[i].offset >= offset + count) return;
    f(i);
  }
}

// Rows of a matrix that lie from `offset` on; they may run over several parameters of the same width.
void read_rows(const ParameterSource& source, const ParameterLayout& layout, int64_t offset, int64_t rows, int64_t cols,
               float* out) {
  for (size_t i = parameter_at(layout, offset); rows > 0; ++i) {
    const Parameter& p = layout.parameters[i];
    HONE_CHECK_EQ(columns(p), cols);
    const int64_t first = (offset - p.offset) / cols, count = std::min(rows, p.rows - first);
    source.read(i, first, count, out);
    out += count * cols;
    offset += count * cols;
    rows -= count;
  }
}

// Per thread: rows in f32, on the host and in the backend's memory, and a team of one for the backend's calls, which do
// not nest in a team's tasks.
struct Worker {
  Worker(const kernels::Backend& backend, int64_t elements)
      : backend(backend), rows(static_cast<size_t>(elements)), staged(backend, elements) {}

  // The first `count` rows' values for an operator.
  const void* stage(int64_t count) {
    backend.write(staged.at(0), rows.data(), static_cast<size_t>(count) * sizeof(float), {&alone});
    return staged.at(0);
  }

  const kernels::Backend& backend;
  std::vector<float> rows;
  Arena staged;
  ThreadTeam alone{1};
};

std::vector<std::unique_ptr<Worker>> make_workers(const kernels::Backend& backend, const kernels::Stream& stream,
                                                  int64_t elements) {
  std::vector<std::unique_ptr<Worker>> out;
  for (int i = 0; i < stream.team->size(); ++i) out.push_back(std::make_unique<Worker>(backend, elements));
  return out;
}

}  // namespace

void Weights::load(const ParameterSource& source, const kernels::Stream& stream) {
  if (use_ == Use::kTrain) {
    load_masters(source, stream);
    return repack(stream);
  }
  HONE_CHECK(backend_.dtype == kernels::DType::kF32, "sampling is in f32 or bf16");
  load_vectors(source);
  load_table(source, stream);
  for_matrices(layout_, [&](const Matrix& m) {
    const auto advise = [&](const auto& advice) {
      for (int64_t i = 0; i < m.count; ++i) for_parameters(layout_, m.offset + i * m.stride, m.out * m.in, advice);
    };
    advise([&](size_t p) { source.prepare(p); });
    if (needs_transposed(config_, layout_, m)) {
      load_transposed(source, m, stream);
    } else {
      load_panels(source, m, stream);
    }
    advise([&](size_t p) { source.done(p); });
  });
}

void Weights::initialize(uint64_t key) {
  ThreadTeam alone(1);
  load_masters(RandomParameters(layout_, config_.init_std, key), {&alone});
}

void Weights::load_masters(const ParameterSource& source, const kernels::Stream& stream) {
  for (size_t i = 0; i < layout_.parameters.size(); ++i) {
    const Parameter& p = layout_.parameters[i];
    const int64_t cols = columns(p), piece = std::max<int64_t>(1, kPieceElements / cols);
    source.prepare(i);
    stream.team->parallel_for((p.rows + piece - 1) / piece, [&](int64_t task, int) {
      const int64_t first = task * piece, count = std::min(piece, p.rows - first);
      void* to = data_.at(p.offset + first * cols);
      std::vector<float> values(static_cast<size_t>(count * cols));
      source.read(i, first, count, values.data());
      if (backend_.dtype == kernels::DType::kF32) {
        backend_.write(to, values.data(), values.size() * sizeof(float), {});
      } else {
        const std::vector<double> wide(values.begin(), values.end());
        backend_.write(to, wide.data(), wide.size() * sizeof(double), {});
      }
    });
    source.done(i);
  }
}

void Weights::load_panels(const ParameterSource& source, const Matrix& m, const kernels::Stream& stream) {
  const kernels::Backend& backend = backend_of(m);
  const int64_t panel_cols = backend.panel_cols, panels = (m.out + panel_cols - 1) / panel_cols;
  const int64_t per_task = std::clamp<int64_t>(kPieceElements / (panel_cols * m.in), 1, panels);
  const int64_t tasks = (panels + per_task - 1) / per_task;
  const auto workers = make_workers(backend, stream, per_task * panel_cols * m.in);
  stream.team->parallel_for(tasks * m.count, [&](int64_t task, int thread) {
    Worker& worker = *workers[static_cast<size_t>(thread)];
    const int64_t index = task / tasks, panel = task % tasks * per_task, first = panel * panel_cols;
    const int64_t rows = std::min(per_task * panel_cols, m.out - first);
    read_rows(source, layout_, m.offset + index * m.stride + first * m.in, rows, m.in, worker.rows.data());
    if (m.wide && rounds()) round_to_bf16(worker.rows.data(), rows * m.in);
    void* to = arena_of(m).at(m.panels + index * m.panel_stride + panel * (m.panel_stride / panels));
    backend.pack_panels({worker.stage(rows * m.in), rows, m.in, 1, 0, to, true}, {&worker.alone});
  });
}

// Panels of w as it stands need all rows at once; these matrices are small.
void Weights::load_transposed(const ParameterSource& source, const Matrix& m, const kernels::Stream& stream) {
  const auto workers = make_workers(backend_of(m), stream, m.out * m.in);
  stream.team->parallel_for(m.count, [&](int64_t index, int thread) {
    Worker& worker = *workers[static_cast<size_t>(thread)];
    read_rows(source, layout_, m.offset + index * m.stride, m.out, m.in, worker.rows.data());
    void* to = grad_arena_of(m).at(m.grad_panels + index * m.grad_stride);
    backend_of(m).pack_panels({worker.stage(m.out * m.in), m.out, m.in, 1, 0, to, false}, {&worker.alone});
  });
}

void Weights::load_vectors(const ParameterSource& source) {
  auto place = vector_places_.begin();
  for (size_t i = 0; i < layout_.parameters.size(); ++i) {
    const Parameter& p = layout_.parameters[i];
    if (p.cols != 0) continue;
    source.read(i, 0, p.rows, staging_.data());
    if (rounds() && p.trained) round_to_bf16(staging_.data(), p.rows);
    backend_.write(vectors_.at((place++)->second), staging_.data(), static_cast<size_t>(p.rows) * sizeof(float), {});
  }
}

void Weights::load_table(const ParameterSource& source, const kernels::Stream& stream) {
  if (table_.size() == 0) return;
  const size_t parameter = parameter_at(layout_, layout_.embedding);
  const int64_t cols = config_.hidden_size, piece = std::max<int64_t>(1, kPieceElements / cols);
  const auto workers = make_workers(backend_, stream, piece * cols);
  source.prepare(parameter);
  stream.team->parallel_for((config_.vocab_size + piece - 1) / piece, [&](int64_t task, int thread) {
    const int64_t first = task * piece, count = std::min(piece, config_.vocab_size - first);
    Worker& worker = *workers[static_cast<size_t>(thread)];
    source.read(parameter, first, count, worker.rows.data());
    backend_.to_compact({worker.stage(count * cols), table_.at(first * cols), count * cols}, {&worker.alone});
  });
  source.done(parameter);
}

}  // namespace hone::policy
