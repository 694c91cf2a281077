#include "kernels/split_k_fault.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace hone::kernels {
namespace {

constexpr int64_t kSoundRows = 64;

// A function of the table carries no state: one place for each compact type.
template <DType kCompact>
const Backend* sound_backend = nullptr;

const void* elements_after(const void* data, int64_t count, DType type) {
  return static_cast<const char*>(data) + count * static_cast<int64_t>(size_of(type));
}

// One panel of columns: y = x[:, :half] * B[:half] + x[:, half:] * B[half:], half a multiple of the panel's depth.
void gemm_panel(const Backend& sound, const GemmArgs& g, int64_t panel, int64_t half, float* scratch,
                const Stream& stream) {
  const int64_t cols = sound.panel_cols;
  GemmArgs first = g;
  first.n = std::min(cols, g.n - panel * cols);
  first.k = half;
  first.panels =
      elements_after(g.panels, panel * panel_elements(g.k, cols, cols, sound.panel_depth), sound.compact);
  float* y = static_cast<float*>(g.y) + panel * cols;
  first.y = y;
  if (g.start) first.start = static_cast<const float*>(g.start) + panel * cols;
  GemmArgs second = first;
  second.x = static_cast<const float*>(g.x) + half;
  second.k = g.k - half;
  second.panels = elements_after(first.panels, half * cols, sound.compact);
  second.y = scratch;
  second.y_stride = cols;
  second.start = nullptr;
  sound.gemm(first, stream);
  sound.gemm(second, stream);
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < first.n; ++j) y[i * g.y_stride + j] += scratch[i * cols + j];
}

template <DType kCompact>
void split_gemm(const GemmArgs& g, const Stream& stream) {
  const Backend& sound = *sound_backend<kCompact>;
  const int64_t half = g.k / 2 / sound.panel_depth * sound.panel_depth;
  if (g.offsets || g.panel_stride > 0 || g.m <= kSoundRows || half == 0) return sound.gemm(g, stream);
  std::vector<float> scratch(static_cast<size_t>(g.m * sound.panel_cols));
  for (int64_t panel = 0; panel * sound.panel_cols < g.n; ++panel)
    gemm_panel(sound, g, panel, half, scratch.data(), stream);
}

template <DType kCompact>
const Backend& faulty_copy(const Backend& sound) {
  static const Backend faulty = [&] {
    sound_backend<kCompact> = &sound;
    Backend copy = sound;
    copy.gemm = split_gemm<kCompact>;
    return copy;
  }();
  HONE_CHECK(sound_backend<kCompact> == &sound, "one backend of a type only");
  return faulty;
}

}  // namespace

const Backend& with_split_k_fault(const Backend& sound) {
  HONE_CHECK(sound.dtype == DType::kF32, "the fault is made for f32");
  return sound.compact == DType::kBf16 ? faulty_copy<DType::kBf16>(sound) : faulty_copy<DType::kF32>(sound);
}

}  // namespace hone::kernels
