#include "kernels/split_k_fault.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace hone::kernels {
namespace {

constexpr int64_t kSoundRows = 64;

const Backend* sound_backend = nullptr;  // a function of the table cannot carry it

// One panel of columns: y = x[:, :half] * B[:half] + x[:, half:] * B[half:].
void gemm_panel(const GemmArgs& g, int64_t panel, float* scratch, const Stream& stream) {
  const int64_t cols = sound_backend->panel_cols, half = g.k / 2;
  GemmArgs first = g;
  first.n = std::min(cols, g.n - panel * cols);
  first.k = half;
  first.panels = static_cast<const float*>(g.panels) + panel * g.k * cols;
  float* y = static_cast<float*>(g.y) + panel * cols;
  first.y = y;
  if (g.start) first.start = static_cast<const float*>(g.start) + panel * cols;
  GemmArgs second = first;
  second.x = static_cast<const float*>(g.x) + half;
  second.k = g.k - half;
  second.panels = static_cast<const float*>(first.panels) + half * cols;
  second.y = scratch;
  second.y_stride = cols;
  second.start = nullptr;
  sound_backend->gemm(first, stream);
  sound_backend->gemm(second, stream);
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < first.n; ++j) y[i * g.y_stride + j] += scratch[i * cols + j];
}

void split_gemm(const GemmArgs& g, const Stream& stream) {
  if (g.offsets || g.m <= kSoundRows || g.k < 2) return sound_backend->gemm(g, stream);
  const int64_t cols = sound_backend->panel_cols;
  std::vector<float> scratch(static_cast<size_t>(g.m * cols));
  for (int64_t panel = 0; panel * cols < g.n; ++panel) gemm_panel(g, panel, scratch.data(), stream);
}

Backend faulty_copy(const Backend& sound) {
  HONE_CHECK(sound.dtype == DType::kF32, "the fault is made for f32");
  sound_backend = &sound;
  Backend faulty = sound;
  faulty.gemm = split_gemm;
  return faulty;
}

}  // namespace

const Backend& with_split_k_fault(const Backend& sound) {
  static const Backend faulty = faulty_copy(sound);
  HONE_CHECK(sound_backend == &sound, "one backend only");
  return faulty;
}

}  // namespace hone::kernels
