#include <cmath>

#include "base/philox.h"
#include "base/portable_math.h"
#include "policy/parameter_source.h"

namespace hone::policy {
namespace {

// Two normal numbers of one Philox block (Box and Muller, 1958).
struct NormalPair {
  double a, b;
};

NormalPair normal_pair(uint64_t key, uint32_t parameter, uint64_t pair) {
  const auto r = philox4x32(key, {static_cast<uint32_t>(pair), static_cast<uint32_t>(pair >> 32), parameter, 0});
  const double u = (r[0] + 0.5) * 0x1p-32, turn = 6.283185307179586 * ((r[1] + 0.5) * 0x1p-32);
  const double radius = std::sqrt(-2 * portable_log(u));
  return {radius * portable_cos(turn), radius * portable_sin(turn)};
}

}  // namespace

void RandomParameters::read(size_t parameter, int64_t first, int64_t count, float* out) const {
  const Parameter& p = layout_.parameters[parameter];
  if (p.cols == 0) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(p.initial);
    return;
  }
  const int64_t begin = first * p.cols, end = begin + count * p.cols;
  for (int64_t i = begin - begin % 2; i < end; i += 2) {
    const NormalPair n = normal_pair(key_, static_cast<uint32_t>(parameter + 1), static_cast<uint64_t>(i / 2));
    if (i >= begin) out[i - begin] = static_cast<float>(init_std_ * n.a);
    if (i + 1 < end) out[i + 1 - begin] = static_cast<float>(init_std_ * n.b);
  }
}

}  // namespace hone::policy
