// Floating-point values of expressions at three precisions, with error bounds.
#pragma once

#include "rewards/math/ball.h"
#include "rewards/math/exact.h"

namespace hone::math {

// Evaluates the expression for given values of its symbols.
template <class Real>
class NumericEvaluator {
 public:
  // References must outlive it. real_only: where a part of the expression is not real, it is undefined.
  NumericEvaluator(const Tree& tree, const Values& values, Budget& budget, bool real_only = false)
      : tree_(tree), values_(values), budget_(budget), real_only_(real_only) {}

  std::optional<Ball<Real>> evaluate(NodeId id);
  Failure failure() const { return failure_; }

 private:
  std::nullopt_t fail(Failure failure) {
    failure_ = failure;
    return std::nullopt;
  }
  std::optional<Ball<Real>> checked(std::optional<Ball<Real>> value);
  std::optional<Ball<Real>> power(NodeId id);
  std::optional<Ball<Real>> call(NodeId id);
  std::optional<Ball<Real>> circular(Function f, const Ball<Real>& x);
  std::optional<Ball<Real>> hyperbolic(Function f, const Ball<Real>& x);
  std::optional<Ball<Real>> step(Function f, const Ball<Real>& x);
  std::optional<Ball<Real>> extreme(NodeId id, bool largest);
  std::optional<Ball<Real>> remainder(NodeId id);
  std::optional<Ball<Real>> large_factorial(const Rational& n, unsigned step);
  std::optional<Ball<Real>> series(NodeId id);
  std::optional<Rational> exact(NodeId id);

  const Tree& tree_;
  Values values_;
  Budget& budget_;
  bool real_only_;
  Failure failure_ = Failure::kNone;
};

extern template class NumericEvaluator<double>;
extern template class NumericEvaluator<Float50>;
extern template class NumericEvaluator<Float100>;

}  // namespace hone::math
