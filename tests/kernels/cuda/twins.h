// What tests of CUDA kernels share: random inputs and comparisons with the CPU twin.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/philox.h"
#include "base/thread_team.h"
#include "kernels/backend.h"
#include "tests/support/device.h"

namespace hone::test {

inline const kernels::Backend& cpu() { return kernels::cpu_backend(kernels::DType::kF32); }

// The CPU whose products are one chain over k in bf16 too.
inline const kernels::Backend& chain_backend(kernels::DType compact) {
  setenv("HONE_ISA", "avx2", 1);
  const kernels::Backend& backend = kernels::cpu_backend(compact);
  unsetenv("HONE_ISA");
  return backend;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Uniform in [-1, 1).
inline std::vector<float> random_values(int64_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(count);
  for (float& x : out) x = static_cast<float>(2 * random.uniform() - 1);
  return out;
}

// To the nearest, ties to even.
inline std::vector<uint16_t> to_bf16(const std::vector<float>& values) {
  std::vector<uint16_t> out;
  for (const float x : values) {
    const uint32_t bits = std::bit_cast<uint32_t>(x);
    out.push_back(static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16));
  }
  return out;
}

// Every element within `relative` of the expected one, or of `least` where that is larger.
inline void expect_near(const std::vector<float>& got, const std::vector<float>& expected, float relative = 1e-5f,
                        float least = 1e-2f) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_LE(std::fabs(got[i] - expected[i]), relative * std::max(std::fabs(expected[i]), least)) << "element " << i;
}

}  // namespace hone::test
