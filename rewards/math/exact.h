// Rational values of expressions. Exact: there is no rounding here.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <optional>
#include <vector>

#include "rewards/math/tree.h"

namespace hone::math {

using Integer = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

// What symbols stand for, by name; an empty value is a symbol without one.
using Values = std::vector<std::optional<Rational>>;

enum class Failure {
  kNone,
  kUndefined,    // division by zero, the logarithm of zero
  kUnsupported,  // not a number of this kind, or too long to be computed exactly
  kBudget,       // no steps left
};

// Numbers longer than this are left to floating point.
inline constexpr unsigned kMaxExactBits = 16384;

Rational value_of(const Literal& literal);

class ExactEvaluator {
 public:
  // References must outlive it.
  ExactEvaluator(const Tree& tree, const Values& values, Budget& budget)
      : tree_(tree), values_(values), budget_(budget) {}

  std::optional<Rational> evaluate(NodeId id);
  Failure failure() const { return failure_; }

 private:
  std::nullopt_t fail(Failure failure) {
    failure_ = failure;
    return std::nullopt;
  }
  std::optional<Rational> checked(Rational value);
  std::optional<Rational> power(NodeId id);
  std::optional<Rational> call(NodeId id);
  std::optional<Rational> divisor_function(Function f, const std::vector<Rational>& arguments);
  std::optional<Rational> factorial(const Rational& n, unsigned step);
  std::optional<Rational> binomial(const Rational& n, const Rational& k);
  std::optional<Rational> series(NodeId id);

  const Tree& tree_;
  Values values_;
  Budget& budget_;
  Failure failure_ = Failure::kNone;
};

}  // namespace hone::math
