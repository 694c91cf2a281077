// What tests of emulated kernels share: random inputs and comparisons with the CPU twin.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/philox.h"
#include "base/thread_team.h"
#include "kernels/backend.h"
#include "tests/support/emulator.h"

namespace hone::test {

// Uniform in [-1, 1).
inline std::vector<float> random_values(int64_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(count);
  for (float& x : out) x = static_cast<float>(2 * random.uniform() - 1);
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
