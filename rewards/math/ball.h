// Complex numbers with a bound on their error, for three precisions: double, 50 and 100 decimal digits.
#pragma once

#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <limits>
#include <optional>

#include "rewards/math/exact.h"

namespace hone::math {

using Float50 = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>, boost::multiprecision::et_off>;
using Float100 =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<100>, boost::multiprecision::et_off>;

inline constexpr double kNoError = -std::numeric_limits<double>::infinity();

// Binary logarithm of the magnitude, rounded down; -infinity for zero.
template <class Real>
double magnitude(const Real& x) {
  return x == 0 ? kNoError : static_cast<double>(ilogb(x));
}
inline double magnitude(const double& x) { return x == 0 ? kNoError : std::logb(x); }

// Bits of a result that rounding leaves right; a few fewer than the format has, for functions that are not exact.
template <class Real>
constexpr double kRightBits = std::numeric_limits<Real>::digits - 4;

inline double log2_sum(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return low == kNoError || high - low > 60 ? high : high + std::log2(1 + std::exp2(low - high));
}

template <class Real>
struct Ball {
  Real re = 0;
  Real im = 0;
  double error = kNoError;  // binary logarithm of a bound on the distance to the true value

  bool is_real() const { return im == 0; }
  double size() const { return std::max(magnitude(re), magnitude(im)); }
  // The true value may be zero, or its size is not known at all.
  bool may_be_zero() const { return size() <= error + 1; }
};

template <class Real>
Ball<Real> rounded(Real re, Real im, double error) {
  Ball<Real> ball{std::move(re), std::move(im), error};
  ball.error = log2_sum(error, ball.size() - kRightBits<Real>);
  return ball;
}

template <class Real>
Ball<Real> operator+(const Ball<Real>& a, const Ball<Real>& b) {
  const double terms = std::max(a.size(), b.size()) - kRightBits<Real>;
  return {a.re + b.re, a.im + b.im, log2_sum(log2_sum(a.error, b.error), terms)};
}
template <class Real>
Ball<Real> operator-(const Ball<Real>& a) {
  return {-a.re, -a.im, a.error};
}
template <class Real>
Ball<Real> operator-(const Ball<Real>& a, const Ball<Real>& b) {
  return a + -b;
}

// A size is rounded down, so one is added for each.
template <class Real>
double product_error(const Ball<Real>& a, const Ball<Real>& b) {
  const double first = log2_sum(a.size() + 1 + b.error, b.size() + 1 + a.error);
  return log2_sum(log2_sum(first, a.error + b.error), a.size() + b.size() + 2 - kRightBits<Real>);
}
template <class Real>
Ball<Real> operator*(const Ball<Real>& a, const Ball<Real>& b) {
  const double error = product_error(a, b);
  if (a.is_real() && b.is_real()) return {a.re * b.re, Real(0), error};
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re, error};
}

// Requires !b.may_be_zero().
template <class Real>
Ball<Real> operator/(const Ball<Real>& a, const Ball<Real>& b) {
  Ball<Real> inverse;
  if (b.is_real()) {
    inverse.re = 1 / b.re;
  } else {
    const Real norm = b.re * b.re + b.im * b.im;
    inverse.re = b.re / norm;
    inverse.im = -b.im / norm;
  }
  inverse.error = log2_sum(b.error - 2 * b.size() + 2, inverse.size() + 1 - kRightBits<Real>);
  return a * inverse;
}

template <class Real>
Ball<Real> to_ball(const Rational& x) {
  using boost::multiprecision::denominator;
  using boost::multiprecision::numerator;
  if constexpr (std::is_same_v<Real, double>) {
    return rounded(static_cast<double>(Float50(numerator(x)) / Float50(denominator(x))), 0.0, kNoError);
  } else {
    return rounded(Real(Real(numerator(x)) / Real(denominator(x))), Real(0), kNoError);
  }
}

}  // namespace hone::math
