// Checker "math": the answer's value equals the gold's, whatever form either is written in. rewards/math does the work.
#pragma once

#include "rewards/checker.h"
#include "rewards/math/policy.h"
#include "rewards/registry.h"

namespace hone::rewards {

// The gold is a text (LaTeX or plain; the answer, or a solution with the answer in a box or after "####"), a number, or
// a list of these, any one of which suffices.
class MathChecker final : public Checker {
 public:
  struct Options {
    math::Policy policy;
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext&);
  Result<void> check_gold(const nlohmann::json& gold) const override;
  CheckResult check(const CheckInput& input) const override;

 private:
  explicit MathChecker(const math::Policy& policy) : policy_(policy) {}
  math::Policy policy_;
};

}  // namespace hone::rewards

namespace hone::math {

std::span<const char* const> enum_names(Percent);
std::span<const char* const> enum_names(Units);
std::span<const char* const> enum_names(Thousands);
std::span<const char* const> enum_names(Boxes);
std::span<const char* const> enum_names(Order);
std::span<const char* const> enum_names(Tolerance);
std::span<const char* const> enum_names(Extraction);
std::span<const char* const> enum_names(DecimalComma);
std::span<const char* const> enum_names(MixedNumbers);
std::span<const char* const> enum_names(Degrees);
std::span<const char* const> enum_names(Assignment);
std::span<const char* const> enum_names(Logarithm);

}  // namespace hone::math
