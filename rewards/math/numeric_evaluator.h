// Definitions of NumericEvaluator, included by the file of each precision.
#pragma once

#include "rewards/math/elementary.h"
#include "rewards/math/numeric.h"

namespace hone::math {

// Steps of one elementary function and of one sum or product, in units of about a tenth of a microsecond.
template <class Real>
constexpr int64_t kFunctionSteps = std::is_same_v<Real, double>    ? 4
                                   : std::is_same_v<Real, Float50> ? 200
                                                                   : 600;
template <class Real>
constexpr int64_t kOperationSteps = std::is_same_v<Real, double>    ? 1
                                    : std::is_same_v<Real, Float50> ? 3
                                                                    : 6;

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::checked(std::optional<Ball<Real>> value) {
  if (!value) return failure_ == Failure::kNone ? fail(Failure::kUndefined) : std::nullopt;
  if (real_only_ && !value->is_real()) return fail(Failure::kUndefined);
  using std::isfinite;
  if (!isfinite(value->re) || !isfinite(value->im)) return fail(Failure::kUnsupported);
  return value;
}

template <class Real>
std::optional<Rational> NumericEvaluator<Real>::exact(NodeId id) {
  return ExactEvaluator(tree_, values_, budget_).evaluate(id);
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::evaluate(NodeId id) {
  if (!budget_.spend(kOperationSteps<Real>)) return fail(Failure::kBudget);
  const Node& n = tree_[id];
  switch (n.kind) {
    case Kind::kNumber:
    case Kind::kSymbol: {
      const auto value = exact(id);
      return value ? checked(to_ball<Real>(*value)) : fail(Failure::kUnsupported);
    }
    case Kind::kConstant:
      switch (static_cast<Constant>(n.tag)) {
        case Constant::kPi:
          return pi_ball<Real>();
        case Constant::kE:
          return rounded(boost::math::constants::e<Real>(), Real(0), kNoError);
        case Constant::kI:
          return imaginary_unit<Real>();
        default:
          return fail(Failure::kUnsupported);
      }
    case Kind::kNegate:
    case Kind::kPercent: {
      const auto x = evaluate(tree_.child(id, 0));
      if (!x) return x;
      return n.kind == Kind::kNegate ? -*x : *x / to_ball<Real>(100);
    }
    case Kind::kAdd:
    case Kind::kMultiply: {
      std::optional<Ball<Real>> total;
      for (NodeId child : tree_.children(id)) {
        const auto x = evaluate(child);
        if (!x) return x;
        total = !total ? x : n.kind == Kind::kAdd ? *total + *x : *total * *x;
      }
      return checked(total);
    }
    case Kind::kDivide: {
      const auto x = evaluate(tree_.child(id, 0)), y = x ? evaluate(tree_.child(id, 1)) : std::nullopt;
      if (!y) return std::nullopt;
      if (y->may_be_zero()) return fail(Failure::kUndefined);
      return checked(*x / *y);
    }
    case Kind::kPower:
      return power(id);
    case Kind::kFunction:
      return checked(call(id));
    case Kind::kSum:
    case Kind::kProduct:
      return series(id);
    default:
      return fail(Failure::kUnsupported);
  }
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::power(NodeId id) {
  const auto exponent = exact(tree_.child(id, 1));
  const bool cheap = exponent && (denominator(*exponent) == 1 || *exponent == Rational(1, 2));
  if (!budget_.spend(cheap ? kFunctionSteps<Real> / 8 : kFunctionSteps<Real>)) return fail(Failure::kBudget);
  if (exponent && tree_.is_constant(tree_.child(id, 0), Constant::kE)) return checked(exp_of(to_ball<Real>(*exponent)));
  const auto base = evaluate(tree_.child(id, 0));
  if (!base) return base;
  if (exponent) return checked(power_of(*base, *exponent));
  const auto y = evaluate(tree_.child(id, 1));
  if (!y) return y;
  if (tree_.is_constant(tree_.child(id, 0), Constant::kE)) return checked(exp_of(*y));
  const auto logarithm = checked(ln_of(*base));
  return logarithm ? checked(exp_of(*y * *logarithm)) : std::nullopt;
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::call(NodeId id) {
  const auto f = static_cast<Function>(tree_[id].tag);
  const bool cheap = f == Function::kSqrt || f == Function::kAbs || f == Function::kFloor || f == Function::kCeil;
  if (!budget_.spend(cheap ? kFunctionSteps<Real> / 8 : kFunctionSteps<Real>)) return fail(Failure::kBudget);
  if (f == Function::kFactorial || f == Function::kDoubleFactorial) {
    const auto n = exact(tree_.child(id, 0));
    return n ? large_factorial(*n, f == Function::kFactorial ? 1 : 2) : fail(Failure::kUnsupported);
  }
  if (f == Function::kBinomial || f == Function::kGcd || f == Function::kLcm) {
    const auto value = exact(id);
    return value ? std::optional(to_ball<Real>(*value)) : fail(Failure::kUnsupported);
  }
  if (f == Function::kMin || f == Function::kMax) return extreme(id, f == Function::kMax);
  if (f == Function::kMod) return remainder(id);
  const auto x = evaluate(tree_.child(id, 0));
  if (!x) return x;
  switch (f) {
    case Function::kSqrt:
      return sqrt_of(*x);
    case Function::kRoot: {
      const auto degree = exact(tree_.child(id, 1));
      if (!degree || *degree == 0) return fail(Failure::kUnsupported);
      return power_of(*x, Rational(1) / *degree);
    }
    case Function::kExp:
      return exp_of(*x);
    case Function::kLn:
      return ln_of(*x);
    case Function::kLog10:
    case Function::kLog: {
      const auto base = f == Function::kLog ? evaluate(tree_.child(id, 1)) : std::optional(to_ball<Real>(10));
      const auto up = ln_of(*x), down = base ? ln_of(*base) : std::nullopt;
      if (!up || !down || down->may_be_zero()) return std::nullopt;
      return *up / *down;
    }
    case Function::kDegrees:
      return *x * pi_ball<Real>() / to_ball<Real>(180);
    case Function::kAbs:
    case Function::kFloor:
    case Function::kCeil:
    case Function::kSign:
    case Function::kRe:
    case Function::kIm:
    case Function::kConjugate:
      return step(f, *x);
    default:
      return f >= Function::kSinh ? hyperbolic(f, *x) : circular(f, *x);
  }
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::circular(Function f, const Ball<Real>& x) {
  const Ball<Real> one = to_ball<Real>(1);
  switch (f) {
    case Function::kSin:
      return sin_or_cos(x, false);
    case Function::kCos:
      return sin_or_cos(x, true);
    case Function::kTan:
    case Function::kCot:
    case Function::kSec:
    case Function::kCsc: {
      const auto sine = sin_or_cos(x, false), cosine = sin_or_cos(x, true);
      if (!sine || !cosine) return std::nullopt;
      const bool over_cosine = f == Function::kTan || f == Function::kSec;
      const Ball<Real>& up = f == Function::kTan ? *sine : f == Function::kCot ? *cosine : one;
      const Ball<Real>& down = over_cosine ? *cosine : *sine;
      if (down.may_be_zero()) return std::nullopt;
      return up / down;
    }
    case Function::kAsec:
    case Function::kAcsc:
    case Function::kAcot: {
      if (x.may_be_zero()) return std::nullopt;
      const Ball<Real> inverse = one / x;
      return circular(f == Function::kAsec   ? Function::kAcos
                      : f == Function::kAcsc ? Function::kAsin
                                             : Function::kAtan,
                      inverse);
    }
    case Function::kAsin:
      return asin_of(x);
    case Function::kAcos: {
      const auto sine = asin_of(x);
      return sine ? std::optional(pi_ball<Real>() / to_ball<Real>(2) - *sine) : std::nullopt;
    }
    default:
      return atan_of(x);
  }
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::hyperbolic(Function f, const Ball<Real>& x) {
  const Ball<Real> one = to_ball<Real>(1), two = to_ball<Real>(2);
  if (f == Function::kAsinh || f == Function::kAcosh) {
    const auto root = f == Function::kAsinh ? sqrt_of(x * x + one) : sqrt_of(x * x - one);
    return root ? ln_of(x + *root) : std::nullopt;
  }
  if (f == Function::kAtanh) {
    const auto up = ln_of(one + x), down = ln_of(one - x);
    return up && down ? std::optional((*up - *down) / two) : std::nullopt;
  }
  const auto grow = exp_of(x), shrink = exp_of(-x);
  if (!grow || !shrink) return std::nullopt;
  const Ball<Real> sine = (*grow - *shrink) / two, cosine = (*grow + *shrink) / two;
  const auto over = [](const Ball<Real>& up, const Ball<Real>& down) {
    return down.may_be_zero() ? std::nullopt : std::optional(up / down);
  };
  switch (f) {
    case Function::kSinh:
      return sine;
    case Function::kCosh:
      return cosine;
    case Function::kTanh:
      return over(sine, cosine);
    case Function::kCoth:
      return over(cosine, sine);
    case Function::kSech:
      return over(one, cosine);
    case Function::kCsch:
      return over(one, sine);
    default:
      return fail(Failure::kUnsupported);
  }
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::step(Function f, const Ball<Real>& x) {
  using std::floor, std::sqrt;
  if (f == Function::kRe) return Ball<Real>{x.re, Real(0), x.error};
  if (f == Function::kIm) return Ball<Real>{x.im, Real(0), x.error};
  if (f == Function::kConjugate) return Ball<Real>{x.re, -x.im, x.error};
  if (f == Function::kAbs && !x.is_real()) return rounded(Real(sqrt(x.re * x.re + x.im * x.im)), Real(0), x.error);
  if (!x.is_real()) return fail(Failure::kUnsupported);
  if (f == Function::kAbs) return x.re < 0 ? -x : x;
  if (f == Function::kSign) {
    if (x.may_be_zero()) return fail(Failure::kUnsupported);
    return to_ball<Real>(x.re < 0 ? -1 : 1);
  }
  const Real down = floor(x.re), above = x.re - down;
  // Too near to a whole number to tell on which side.
  if (magnitude(above) <= x.error + 1 || magnitude(Real(1 - above)) <= x.error + 1) return fail(Failure::kUnsupported);
  return Ball<Real>{f == Function::kFloor ? down : Real(down + 1), Real(0), kNoError};
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::extreme(NodeId id, bool largest) {
  std::optional<Ball<Real>> best;
  for (NodeId child : tree_.children(id)) {
    const auto x = evaluate(child);
    if (!x) return x;
    if (!x->is_real()) return fail(Failure::kUnsupported);
    if (!best || (largest ? x->re > best->re : x->re < best->re)) best = x;
  }
  return best;
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::remainder(NodeId id) {
  const auto x = evaluate(tree_.child(id, 0)), y = x ? evaluate(tree_.child(id, 1)) : std::nullopt;
  if (!y) return y;
  if (y->may_be_zero()) return fail(Failure::kUndefined);
  const auto times = step(Function::kFloor, *x / *y);
  return times ? std::optional(*x - *y * *times) : std::nullopt;
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::large_factorial(const Rational& n, unsigned step) {
  constexpr unsigned kLargest = 10000;
  if (denominator(n) != 1 || n > kLargest) return fail(Failure::kUnsupported);
  if (n < 0) return fail(Failure::kUndefined);
  Ball<Real> product = to_ball<Real>(1);
  for (unsigned k = static_cast<unsigned>(numerator(n)); k > 1; k -= std::min(step, k)) {
    if (!budget_.spend(kOperationSteps<Real>)) return fail(Failure::kBudget);
    product = product * Ball<Real>{Real(k), Real(0), kNoError};
  }
  return product;
}

template <class Real>
std::optional<Ball<Real>> NumericEvaluator<Real>::series(NodeId id) {
  const auto low = exact(tree_.child(id, 1)), high = low ? exact(tree_.child(id, 2)) : std::nullopt;
  if (!high || denominator(*low) != 1 || denominator(*high) != 1) return fail(Failure::kUnsupported);
  const bool is_sum = tree_[id].kind == Kind::kSum;
  Ball<Real> total = to_ball<Real>(is_sum ? 0 : 1);
  const uint32_t variable = tree_[tree_.child(id, 0)].payload;
  if (values_.size() <= variable) values_.resize(variable + 1);
  const auto outside = values_[variable];
  std::optional<Ball<Real>> result = total;
  for (Rational k = *low; k <= *high && result; k += 1) {
    if (!budget_.spend(10)) return fail(Failure::kBudget);
    values_[variable] = k;
    const auto x = evaluate(tree_.child(id, 3));
    if (x)
      result = checked(is_sum ? *result + *x : *result * *x);
    else
      result = std::nullopt;
  }
  values_[variable] = outside;
  return result;
}

}  // namespace hone::math
