#include "rewards/math_checker.h"

#include "rewards/math/grade.h"

namespace hone::math {
namespace {

constexpr const char* kPercent[] = {"either", "fraction", "number"};
constexpr const char* kUnits[] = {"strip_if_gold_bare", "require", "ignore"};
constexpr const char* kThousands[] = {"strict", "never"};
constexpr const char* kBoxes[] = {"last", "any", "joined"};
constexpr const char* kOrder[] = {"as_written", "any"};
constexpr const char* kTolerance[] = {"gold_digits", "exact", "relative"};
constexpr const char* kExtraction[] = {"boxed", "marked", "any"};
constexpr const char* kDecimalComma[] = {"auto", "never"};
constexpr const char* kMixedNumbers[] = {"proper", "never"};
constexpr const char* kDegrees[] = {"strip", "radians"};
constexpr const char* kAssignment[] = {"unwrap", "strict"};
constexpr const char* kLogarithm[] = {"either", "ten", "natural"};

}  // namespace

std::span<const char* const> enum_names(Percent) { return kPercent; }
std::span<const char* const> enum_names(Units) { return kUnits; }
std::span<const char* const> enum_names(Thousands) { return kThousands; }
std::span<const char* const> enum_names(Boxes) { return kBoxes; }
std::span<const char* const> enum_names(Order) { return kOrder; }
std::span<const char* const> enum_names(Tolerance) { return kTolerance; }
std::span<const char* const> enum_names(Extraction) { return kExtraction; }
std::span<const char* const> enum_names(DecimalComma) { return kDecimalComma; }
std::span<const char* const> enum_names(MixedNumbers) { return kMixedNumbers; }
std::span<const char* const> enum_names(Degrees) { return kDegrees; }
std::span<const char* const> enum_names(Assignment) { return kAssignment; }
std::span<const char* const> enum_names(Logarithm) { return kLogarithm; }

}  // namespace hone::math

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

Result<std::vector<std::string>> gold_texts(const json& gold) {
  std::vector<std::string> texts;
  const auto add = [&](const json& one) {
    if (one.is_string())
      texts.push_back(one.get<std::string>());
    else if (one.is_number())
      texts.push_back(one.dump());
    return one.is_string() || one.is_number();
  };
  bool right = !gold.is_array() || !gold.empty();
  if (gold.is_array())
    for (const json& one : gold) right = right && add(one);
  else
    right = add(gold);
  if (!right) return Error{.message = "must be a text, a number or a list of these", .field = "gold"};
  return texts;
}

Verdict verdict_of(math::Outcome outcome) {
  switch (outcome) {
    case math::Outcome::kCorrect:
      return Verdict::kCorrect;
    case math::Outcome::kWrong:
      return Verdict::kWrong;
    case math::Outcome::kNoAnswer:
      return Verdict::kNoAnswer;
    case math::Outcome::kParseError:
      return Verdict::kParseError;
    case math::Outcome::kLimit:
      return Verdict::kLimit;
    case math::Outcome::kGoldError:
      break;
  }
  return Verdict::kGoldError;
}

}  // namespace

HONE_CHECKER("math", MathChecker, "the answer has the value of the gold, in whatever form it is written");

Fields MathChecker::Options::fields() {
  math::Policy& p = policy;
  return {
      field("percent", p.percent, {.help = "What 7% equals: 0.07 and 7, 0.07 only, 7 only."}),
      field("units", p.units,
            {.help = "A unit on one side alone: dropped, refused; or ignore all units (12 cm = 12 m)."}),
      field("thousands", p.thousands, {.help = "1,234 is one number (groups of three digits), or never."}),
      field("boxes", p.boxes, {.help = "Which \\boxed counts: the last, any that is right, or all as one list."}),
      field("order", p.order, {.help = "(1, 2) against (2, 1): different, or the same."}),
      field("tolerance", p.tolerance,
            {.help = "A decimal may differ by half a unit in its last place (4 digits or more), not at all, or by "
                     "`relative`.",
             .decides = true}),
      field("relative", p.relative,
            {.help = "Share of the gold by which a number may differ.",
             .range = between(0, 0.1),
             .only = {p.tolerance == math::Tolerance::kRelative, "tolerance relative", "tolerance",
                      math::enum_names(p.tolerance)[static_cast<size_t>(p.tolerance)]}}),
      field("extraction", p.extraction,
            {.help = "Where there is no box: no answer; what follows a marker (<answer>, ####, \"answer:\"); also the "
                     "last formula or number."}),
      field("after_think", p.after_think, {.help = "Only text after the last </think> counts, where there is one."}),
      field("decimal_comma", p.decimal_comma, {.help = "1,5 may be 1.5 (one comma alone), or never."}),
      field("mixed_numbers", p.mixed_numbers, {.help = "2\\frac{1}{3} is 7/3, or 2/3."}),
      field("degrees", p.degrees, {.help = "90^\\circ equals 90 too, or only pi/2."}),
      field("assignment", p.assignment, {.help = "x = 5 equals 5, or not."}),
      field("logarithm", p.logarithm, {.help = "log without a base: whichever fits both sides, base 10, or natural."}),
  };
}

Result<std::unique_ptr<Checker>> MathChecker::make(const Options& options, const CheckerContext&) {
  return std::unique_ptr<Checker>(new MathChecker(options.policy));
}

Result<void> MathChecker::check_gold(const json& gold) const {
  HONE_TRY_ASSIGN(const std::vector<std::string> texts, gold_texts(gold));
  for (const std::string& text : texts) HONE_TRY(math::check_gold(text, policy_));
  return {};
}

CheckResult MathChecker::check(const CheckInput& input) const {
  if (input.gold == nullptr) return {.verdict = Verdict::kGoldError, .reason = "the problem has no gold"};
  const auto golds = gold_texts(*input.gold);
  if (!golds) return {.verdict = Verdict::kGoldError, .reason = golds.error().to_string()};
  math::Grade grade = math::grade(*golds, input.completion, input.bare_answer, policy_);
  return {.verdict = verdict_of(grade.outcome),
          .score = grade.outcome == math::Outcome::kCorrect ? 1.0 : 0.0,
          .extracted = std::move(grade.extracted),
          .canonical = std::move(grade.canonical),
          .gold_canonical = std::move(grade.gold_canonical),
          .reason = std::move(grade.reason)};
}

}  // namespace hone::rewards
