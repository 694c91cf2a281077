#include "policy/tensor.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace hone::policy {
namespace {

template <class T>
float value_of(DType dtype, T code) {
  float out = 0;
  to_f32(dtype, &code, 1, &out);
  return out;
}

TEST(Tensor, ReadsHalvesAsTheyAreDefined) {
  for (uint32_t code = 0; code < 65536; ++code) {
    const int exponent = code >> 10 & 31, mantissa = code & 1023;
    double expected = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    if (exponent == 31) expected = mantissa ? NAN : INFINITY;
    if (code & 0x8000) expected = -expected;
    const float found = value_of(DType::kF16, static_cast<uint16_t>(code));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(found)) << code;
    } else {
      EXPECT_EQ(std::bit_cast<uint32_t>(found), std::bit_cast<uint32_t>(static_cast<float>(expected))) << code;
    }
  }
}

TEST(Tensor, ReadsTheFormatsOfOneByte) {
  struct Case {
    DType dtype;
    uint8_t code;
    float value;
  };
  const Case cases[] = {
      {DType::kF8E4M3, 0x00, 0},       {DType::kF8E4M3, 0x01, 0x1p-9f}, {DType::kF8E4M3, 0x38, 1},
      {DType::kF8E4M3, 0x7e, 448},     {DType::kF8E4M3, 0xc1, -2.25f},  {DType::kF8E4M3, 0x08, 0x1p-6f},
      {DType::kF8E5M2, 0x3c, 1},       {DType::kF8E5M2, 0x7b, 57344},   {DType::kF8E5M2, 0x01, 0x1p-16f},
      {DType::kF8E5M2, 0xfc, -INFINITY}, {DType::kF8E8M0, 127, 1},      {DType::kF8E8M0, 0, 0x1p-127f},
      {DType::kF8E8M0, 130, 8}};
  for (const Case& c : cases) EXPECT_EQ(value_of(c.dtype, c.code), c.value) << to_string(c.dtype) << " " << +c.code;
  for (const Case& c : {Case{DType::kF8E4M3, 0x7f, 0}, Case{DType::kF8E4M3, 0xff, 0}, Case{DType::kF8E8M0, 255, 0}})
    EXPECT_TRUE(std::isnan(value_of(c.dtype, c.code)));
}

TEST(Tensor, Bf16IsTheNearestAndTiesGoToEven) {
  const auto bits = [](uint32_t b) { return to_bf16(std::bit_cast<float>(b)); };
  EXPECT_EQ(bits(0x3f800000), 0x3f80);
  EXPECT_EQ(bits(0x3f808000), 0x3f80);  // half way, even below
  EXPECT_EQ(bits(0x3f818000), 0x3f82);  // half way, even above
  EXPECT_EQ(bits(0x3f808001), 0x3f81);
  EXPECT_EQ(bits(0x7f7fffff), 0x7f80);  // overflows to infinity
  EXPECT_EQ(bits(0xff800000), 0xff80);
  EXPECT_EQ(bits(0x7f800001) & 0x7f80, 0x7f80);
  EXPECT_NE(bits(0x7f800001) & 0x7f, 0);  // a NaN stays one
}

}  // namespace
}  // namespace hone::policy
