// Elementary functions of balls: real where the value is real, else the principal branch.
#pragma once

#include <boost/math/constants/constants.hpp>

#include "rewards/math/ball.h"

namespace hone::math {

template <class Real>
using MaybeBall = std::optional<Ball<Real>>;  // nullopt: undefined there, or beyond what is computed

template <class Real>
Ball<Real> pi_ball() {
  return rounded(boost::math::constants::pi<Real>(), Real(0), kNoError);
}

// Arguments beyond are not evaluated: sines would lose all digits, exponentials leave the range.
inline constexpr double kLargestArgumentBits = 24;

template <class Real>
bool in_range(const Ball<Real>& x) {
  return x.size() < kLargestArgumentBits && x.error < 0;
}

template <class Real>
MaybeBall<Real> exp_of(const Ball<Real>& x) {
  using std::cos, std::exp, std::sin;
  if (!in_range(x)) return std::nullopt;
  const Real scale = exp(x.re);
  const double error = magnitude(scale) + 2 + log2_sum(x.error, x.size() - kRightBits<Real>);
  if (x.is_real()) return rounded(scale, Real(0), error);
  return rounded(Real(scale * cos(x.im)), Real(scale * sin(x.im)), error);
}

template <class Real>
MaybeBall<Real> ln_of(const Ball<Real>& x) {
  using std::atan2, std::log;
  if (x.may_be_zero()) return std::nullopt;
  const double error = x.error - x.size() + 1;
  if (x.is_real() && x.re > 0) return rounded(Real(log(x.re)), Real(0), log2_sum(error, -kRightBits<Real>));
  if (x.is_real()) return rounded(Real(log(-x.re)), pi_ball<Real>().re, log2_sum(error, -kRightBits<Real>));
  const Real norm = x.re * x.re + x.im * x.im;
  return rounded(Real(log(norm) / 2), Real(atan2(x.im, x.re)), log2_sum(error, 1 - kRightBits<Real>));
}

template <class Real>
MaybeBall<Real> sqrt_of(const Ball<Real>& x) {
  using std::sqrt;
  if (x.re == 0 && x.im == 0 && x.error == kNoError) return x;
  // Near zero the root of the error is what is known.
  const double error = x.may_be_zero() ? (log2_sum(x.error, x.size()) + 1) / 2 : x.error - x.size() / 2;
  if (x.is_real() && x.re >= 0) return rounded(Real(sqrt(x.re)), Real(0), error);
  if (x.is_real()) return rounded(Real(0), Real(sqrt(-x.re)), error);
  const Real length = sqrt(x.re * x.re + x.im * x.im);
  // The half that does not cancel first.
  if (x.re >= 0) {
    const Real re = sqrt((length + x.re) / 2);
    return rounded(re, Real(x.im / (2 * re)), error);
  }
  const Real im = x.im < 0 ? Real(-sqrt((length - x.re) / 2)) : Real(sqrt((length - x.re) / 2));
  return rounded(Real(x.im / (2 * im)), im, error);
}

template <class Real>
Ball<Real> imaginary_unit() {
  return {Real(0), Real(1), kNoError};
}

// cos and sin together: (e^{ix} + e^{-ix}) / 2 for complex x.
template <class Real>
MaybeBall<Real> sin_or_cos(const Ball<Real>& x, bool cosine) {
  using std::cos, std::cosh, std::sin, std::sinh;
  if (!in_range(x)) return std::nullopt;
  const double error = log2_sum(x.error, std::max(x.size(), 0.0) - kRightBits<Real>);
  if (x.is_real()) return rounded(cosine ? Real(cos(x.re)) : Real(sin(x.re)), Real(0), error);
  const Real c = cos(x.re), s = sin(x.re), ch = cosh(x.im), sh = sinh(x.im);
  const double grown = error + magnitude(ch) + 2;
  if (cosine) return rounded(Real(c * ch), Real(-s * sh), grown);
  return rounded(Real(s * ch), Real(c * sh), grown);
}

template <class Real>
MaybeBall<Real> asin_of(const Ball<Real>& x) {
  using std::asin;
  const Ball<Real> one{Real(1), Real(0), kNoError};
  const Ball<Real> rest = one - x * x;
  const MaybeBall<Real> root = sqrt_of(rest);
  if (x.is_real() && x.re >= -1 && x.re <= 1) {
    const double slope = rest.may_be_zero() ? x.error / 2 + 2 : x.error - rest.size() / 2 + 1;
    return rounded(Real(asin(x.re)), Real(0), log2_sum(slope, -kRightBits<Real>));
  }
  const MaybeBall<Real> logarithm = ln_of(imaginary_unit<Real>() * x + *root);
  if (!logarithm) return std::nullopt;
  return -(imaginary_unit<Real>() * *logarithm);
}

template <class Real>
MaybeBall<Real> atan_of(const Ball<Real>& x) {
  using std::atan;
  if (x.is_real()) return rounded(Real(atan(x.re)), Real(0), x.error);
  const Ball<Real> one{Real(1), Real(0), kNoError}, ix = imaginary_unit<Real>() * x;
  const MaybeBall<Real> up = ln_of(one + ix), down = ln_of(one - ix);
  if (!up || !down) return std::nullopt;
  return (*up - *down) / Ball<Real>{Real(0), Real(2), kNoError};
}

// |x|^exponent with the sign of x where exponent = p/q with q odd; else e^{exponent ln x}.
template <class Real>
MaybeBall<Real> power_of(const Ball<Real>& x, const Rational& exponent) {
  using boost::multiprecision::denominator;
  using boost::multiprecision::numerator;
  constexpr int kLargestWhole = 1 << 20;
  if (x.re == 0 && x.im == 0 && x.error == kNoError) {
    if (exponent <= 0) return std::nullopt;
    return x;
  }
  if (denominator(exponent) == 1 && abs(numerator(exponent)) <= kLargestWhole) {
    auto times = static_cast<unsigned>(abs(numerator(exponent)));
    Ball<Real> result{Real(1), Real(0), kNoError}, square = x;
    for (; times > 0; times >>= 1) {
      if (times & 1) result = result * square;
      if (times > 1) square = square * square;
    }
    if (exponent > 0) return result;
    if (result.may_be_zero()) return std::nullopt;
    return Ball<Real>{Real(1), Real(0), kNoError} / result;
  }
  if (exponent == Rational(1, 2)) return sqrt_of(x);
  const bool odd_root = x.is_real() && x.re < 0 && denominator(exponent) % 2 == 1;
  const MaybeBall<Real> logarithm = ln_of(odd_root ? -x : x);
  const MaybeBall<Real> result = logarithm ? exp_of(to_ball<Real>(exponent) * *logarithm) : std::nullopt;
  if (!result) return std::nullopt;
  return odd_root && numerator(exponent) % 2 != 0 ? -*result : *result;
}

}  // namespace hone::math
