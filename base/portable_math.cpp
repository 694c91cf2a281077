#include "base/portable_math.h"

#include <bit>
#include <cstdint>

#include "base/check.h"

namespace hone {
namespace {

constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kHalfPiHigh = 0x1.921fb54400000p+0, kHalfPiLow = 0x1.0b4611a626331p-34;

// Nearest integer, ties away from zero; |x| < 2^31.
double nearest(double x) { return static_cast<double>(static_cast<int64_t>(x < 0 ? x - 0.5 : x + 0.5)); }

double power_of_two(int64_t n) { return std::bit_cast<double>(static_cast<uint64_t>(n + 1023) << 52); }

// Taylor series on |r| <= pi / 4.
double sin_series(double r) {
  double term = r, sum = r;
  for (int i = 1; i <= 9; ++i) sum += term *= -r * r / ((2 * i) * (2 * i + 1));
  return sum;
}

double cos_series(double r) {
  double term = 1, sum = 1;
  for (int i = 1; i <= 9; ++i) sum += term *= -r * r / ((2 * i - 1) * (2 * i));
  return sum;
}

}  // namespace

double portable_exp(double x) {
  HONE_CHECK(x >= -700 && x <= 700, x);
  const double n = nearest(x / (kLn2High + kLn2Low));
  const double r = (x - n * kLn2High) - n * kLn2Low;
  double term = 1, sum = 1;
  for (int i = 1; i <= 16; ++i) sum += term *= r / i;
  return sum * power_of_two(static_cast<int64_t>(n));
}

double portable_log(double x) {
  HONE_CHECK(x >= 0x1p-1022 && x < 0x1p1023, x);
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  int64_t exponent = static_cast<int64_t>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  // log m = 2 artanh((m - 1) / (m + 1)).
  const double z = (m - 1) / (m + 1), z2 = z * z;
  double term = z, sum = z;
  for (int i = 3; i <= 31; i += 2) sum += (term *= z2) / i;
  return static_cast<double>(exponent) * kLn2High + (2 * sum + static_cast<double>(exponent) * kLn2Low);
}

double portable_sin(double x) {
  const double n = nearest(x / (kHalfPiHigh + kHalfPiLow));
  const double r = (x - n * kHalfPiHigh) - n * kHalfPiLow;
  const double values[4] = {sin_series(r), cos_series(r), -sin_series(r), -cos_series(r)};
  return values[static_cast<int64_t>(n) & 3];
}

double portable_cos(double x) {
  const double n = nearest(x / (kHalfPiHigh + kHalfPiLow));
  const double r = (x - n * kHalfPiHigh) - n * kHalfPiLow;
  const double values[4] = {cos_series(r), -sin_series(r), -cos_series(r), sin_series(r)};
  return values[static_cast<int64_t>(n) & 3];
}

}  // namespace hone
