#include "policy/rope_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "tests/support/tiny_models.h"

namespace hone::policy {
namespace {

struct Golden {
  std::string name;
  double theta;
  int64_t positions;
  RopeScaling rope;
  std::vector<double> frequencies;
  double amplitude;
};

// From transformers 5.23 (modeling_rope_utils), heads of 16; it rounds to f32 at every step of the blend.
const Golden kGoldens[] = {
    {"linear", 1e4, 4096, {RopeType::kLinear, 4},
     {0.25, 0.079056941, 0.0250000004, 0.00790569466, 0.00249999994, 0.000790569466, 0.000250000012, 7.90569466e-05},
     1},
    {"llama3", 5e5, 131072, {RopeType::kLlama3, 8, 8192, 1, 4},
     {1, 0.193922758, 0.0376060307, 0.00729266508, 0.000524846022, 3.42810235e-05, 6.64786967e-06, 1.28917316e-06}, 1},
    {"yarn", 1e6, 131072, {RopeType::kYarn, 4, 32768},
     {1, 0.177827939, 0.0316227786, 0.00421755994, 0.000500000024, 4.44569851e-05, 7.90569356e-06, 1.40585337e-06},
     1.138629436111989},
    {"yarn_not_truncated", 1e4, 131072, {RopeType::kYarn, 16, 4096, 1, 4, 16, 2, false, 0, 1, 0.5},
     {1, 0.316227764, 0.100000001, 0.0316227786, 0.0059520239, 0.000240811118, 6.2500003e-05, 1.97642366e-05},
     1.121751143713058},
    {"yarn_given", 1e6, 131072, {RopeType::kYarn, 4, 32768, 1, 4, 32, 1, true, 1.25},
     {1, 0.177827939, 0.0316227786, 0.00421755994, 0.000500000024, 4.44569851e-05, 7.90569356e-06, 1.40585337e-06},
     1.25},
    {"deepseek", 1e4, 163840, {RopeType::kYarn, 40, 4096, 1, 4, 32, 1, true, 0, 0.707, 0.707},
     {1, 0.316227764, 0.100000001, 0.0239147246, 0.00512499968, 0.000849862176, 2.49999994e-05, 7.90569447e-06}, 1},
};

TEST(RopeFrequencies, EqualThoseOfTransformers) {
  for (const Golden& golden : kGoldens) {
    ModelConfig c = test::tiny_llama();
    c.head_dim = 16;
    c.rope_theta = golden.theta;
    c.max_positions = golden.positions;
    c.rope = golden.rope;
    const auto frequencies = rope_frequencies(c);
    ASSERT_EQ(frequencies.size(), golden.frequencies.size());
    for (size_t i = 0; i < frequencies.size(); ++i)
      EXPECT_NEAR(frequencies[i] / golden.frequencies[i], 1, 5e-7) << golden.name << " " << i;
    EXPECT_NEAR(rope_amplitude(c), golden.amplitude, 1e-12) << golden.name;
  }
}

TEST(AttentionScale, HasTheSquareOfYarnsFactorInLatentAttention) {
  ModelConfig c = test::tiny_mla();
  c.qk_nope_head_dim = 32;
  c.qk_rope_head_dim = 16;
  EXPECT_NEAR(attention_scale(c), 1 / std::sqrt(48.0), 1e-15);
  c.rope = kGoldens[5].rope;
  EXPECT_NEAR(attention_scale(c), 0.2294427735858522, 1e-12);
}

std::vector<float> values(const RopeTable& table, int64_t count) {
  std::vector<float> out(count);
  std::memcpy(out.data(), table.data(), out.size() * sizeof(float));
  return out;
}

TEST(RopeTable, GrowsWithTheSameValuesInBothLayouts) {
  const auto& backend = kernels::cpu_backend(kernels::DType::kF32);
  for (ModelConfig c : {test::tiny_mla(), test::tiny_llama()}) {
    c.max_positions = 2000;
    const int64_t dim = c.rope_dim();
    RopeTable at_once(c, backend), in_steps(c, backend);
    at_once.cover(2000);
    for (int64_t count : {1, 300, 299, 1100, 2000}) in_steps.cover(count);
    EXPECT_EQ(values(in_steps, 2000 * 2 * dim), values(at_once, 2000 * 2 * dim));
    const auto table = values(at_once, 2000 * 2 * dim);
    const double angle = 1999.0f * rope_frequencies(c)[1];
    const int64_t first = c.rope_layout == kernels::RopeLayout::kInterleaved ? 2 : 1, at = 1999 * 2 * dim;
    EXPECT_NEAR(table[at + first], std::cos(angle), 1e-7);
    EXPECT_NEAR(table[at + dim + first], -std::sin(angle), 1e-7);
  }
}

}  // namespace
}  // namespace hone::policy
