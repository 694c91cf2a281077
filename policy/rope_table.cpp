#include "policy/rope_table.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/portable_math.h"

namespace hone::policy {
namespace {

constexpr double kTurn = 6.283185307179586;

// Between full stretching (wavelengths beyond original / low) and none (below original / high), linear in frequency.
double llama3_frequency(const RopeScaling& rope, double frequency) {
  const double turns = static_cast<double>(rope.original_positions) * frequency / kTurn;
  if (turns < rope.low_freq_factor) return frequency / rope.factor;
  if (turns > rope.high_freq_factor) return frequency;
  const double kept = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - kept) * frequency / rope.factor + kept * frequency;
}

// The pair that turns `turns` times over the original positions, as a real number.
double yarn_pair(const ModelConfig& c, double turns) {
  const double positions = static_cast<double>(c.rope.original_positions);
  return static_cast<double>(c.rope_dim()) * portable_log(positions / (turns * kTurn)) /
         (2 * portable_log(c.rope_theta));
}

// Pairs up to `low` keep their frequency, from `high` on they are stretched.
struct Ramp {
  double low, high;
};

Ramp yarn_ramp(const ModelConfig& c) {
  Ramp ramp{yarn_pair(c, c.rope.beta_fast), yarn_pair(c, c.rope.beta_slow)};
  if (c.rope.truncate) ramp = {std::floor(ramp.low), std::ceil(ramp.high)};
  ramp = {std::max(ramp.low, 0.0), std::min(ramp.high, static_cast<double>(c.rope_dim() - 1))};
  if (ramp.low == ramp.high) ramp.high += 0.001;
  return ramp;
}

double yarn_frequency(const RopeScaling& rope, const Ramp& ramp, double pair, double frequency) {
  const double share = std::clamp((pair - ramp.low) / (ramp.high - ramp.low), 0.0, 1.0);
  return frequency / rope.factor * share + frequency * (1 - share);
}

double stretched(const RopeScaling& rope, const Ramp& ramp, double pair, double frequency) {
  switch (rope.type) {
    case RopeType::kPlain: break;
    case RopeType::kLinear: return frequency / rope.factor;
    case RopeType::kLlama3: return llama3_frequency(rope, frequency);
    case RopeType::kYarn: return yarn_frequency(rope, ramp, pair, frequency);
  }
  return frequency;
}

double yarn_mscale(double factor, double mscale) {
  return factor <= 1 ? 1 : 0.1 * mscale * portable_log(factor) + 1;
}

}  // namespace

std::vector<float> rope_frequencies(const ModelConfig& c) {
  const int64_t dim = c.rope_dim();
  const Ramp ramp = c.rope.type == RopeType::kYarn ? yarn_ramp(c) : Ramp{0, 1};
  std::vector<float> out(dim / 2);
  for (int64_t i = 0; i < dim / 2; ++i) {
    const auto pair = static_cast<double>(i);
    const double plain = portable_pow(c.rope_theta, -2 * pair / static_cast<double>(dim));
    out[i] = static_cast<float>(stretched(c.rope, ramp, pair, plain));
  }
  return out;
}

double rope_amplitude(const ModelConfig& c) {
  const RopeScaling& rope = c.rope;
  if (rope.type != RopeType::kYarn) return 1;
  if (rope.attention_factor > 0) return rope.attention_factor;
  if (rope.mscale > 0 && rope.mscale_all_dim > 0)
    return yarn_mscale(rope.factor, rope.mscale) / yarn_mscale(rope.factor, rope.mscale_all_dim);
  return yarn_mscale(rope.factor, 1);
}

double attention_scale(const ModelConfig& c) {
  if (c.attention == Attention::kGqa) return 1 / std::sqrt(static_cast<double>(c.head_dim));
  const double scale = 1 / std::sqrt(static_cast<double>(c.query_dim()));
  if (c.rope.type != RopeType::kYarn || c.rope.mscale_all_dim == 0) return scale;
  const double m = yarn_mscale(c.rope.factor, c.rope.mscale_all_dim);
  return scale * m * m;
}

RopeTable::RopeTable(const ModelConfig& config, const kernels::Backend& backend)
    : backend_(backend), dim_(config.rope_dim()), max_positions_(config.max_positions), layout_(config.rope_layout),
      frequencies_(rope_frequencies(config)), amplitude_(rope_amplitude(config)) {}

void RopeTable::cover(int64_t count) {
  HONE_CHECK_LE(count, max_positions_);
  if (count <= count_) return;
  constexpr int64_t kLeast = 256;
  const int64_t grown = std::min(max_positions_, std::max({count, 2 * count_, kLeast}));
  if (backend_.dtype == kernels::DType::kF64) {
    grow<double>(grown);
  } else {
    grow<float>(grown);
  }
}

template <class T>
void RopeTable::grow(int64_t count) {
  std::vector<T> values(static_cast<size_t>(count * 2 * dim_));
  if (count_ > 0) backend_.read(values.data(), table_.at(0), table_.bytes(), {});
  const bool interleaved = layout_ == kernels::RopeLayout::kInterleaved;
  for (int64_t p = count_; p < count; ++p) {
    T *cosines = values.data() + 2 * p * dim_, *sines = cosines + dim_;
    for (int64_t i = 0; i < dim_ / 2; ++i) {
      const int64_t first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : i + dim_ / 2;
      const float angle = static_cast<float>(p) * frequencies_[i];
      cosines[first] = cosines[second] = static_cast<T>(amplitude_ * portable_cos(angle));
      const T sine = static_cast<T>(amplitude_ * portable_sin(angle));
      sines[first] = -sine;
      sines[second] = sine;
    }
  }
  table_ = Arena(backend_, count * 2 * dim_);
  backend_.write(table_.at(0), values.data(), table_.bytes(), {});
  count_ = count;
}

}  // namespace hone::policy
