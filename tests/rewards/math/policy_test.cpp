// Every policy flips the verdicts it documents.
#include "tests/rewards/math/pairs.h"

namespace hone::math {
namespace {

template <class Value>
Policy with(Value Policy::*field, Value value) {
  Policy policy;
  policy.*field = value;
  return policy;
}

struct Flip {
  std::string_view gold, answer;
  Policy policy;
  bool by_default, flipped;
};

TEST(Policies, FlipWhatTheyDocument) {
  const Flip flips[] = {
      {"7", "7\\%", with(&Policy::percent, Percent::kFraction), true, false},
      {"0.07", "7\\%", with(&Policy::percent, Percent::kFraction), true, true},
      {"0.07", "7\\%", with(&Policy::percent, Percent::kNumber), true, false},
      {"7", "7\\%", with(&Policy::percent, Percent::kNumber), true, true},
      {"12", "12 \\text{ cm}", with(&Policy::units, Units::kRequire), true, false},
      {"12 cm", "12", with(&Policy::units, Units::kRequire), true, false},
      {"12 cm", "12 cm", with(&Policy::units, Units::kRequire), true, true},
      {"12 cm", "12 m", with(&Policy::units, Units::kIgnore), false, true},
      {"1234", "1,234", with(&Policy::thousands, Thousands::kNever), true, false},
      {"(1,2)", "(2,1)", with(&Policy::order, Order::kAny), false, true},
      {"(1,2)", "(1,3)", with(&Policy::order, Order::kAny), false, false},
      {"3.14159", "\\pi", with(&Policy::tolerance, Tolerance::kExact), true, false},
      {"0.5", "\\frac12", with(&Policy::tolerance, Tolerance::kExact), true, true},
      {"42", "42.001", with(&Policy::tolerance, Tolerance::kRelative), false, true},
      {"42", "42.1", with(&Policy::tolerance, Tolerance::kRelative), false, false},
      {"\\sqrt2", "1.4142", with(&Policy::tolerance, Tolerance::kRelative), true, true},
      {"1.22", "1,22", with(&Policy::decimal_comma, DecimalComma::kNever), true, false},
      {"7/3", "2\\frac13", with(&Policy::mixed_numbers, MixedNumbers::kNever), true, false},
      {"2/3", "2\\frac13", with(&Policy::mixed_numbers, MixedNumbers::kNever), false, true},
      {"90", "90^\\circ", with(&Policy::degrees, Degrees::kRadians), true, false},
      {"\\frac\\pi2", "90^\\circ", with(&Policy::degrees, Degrees::kRadians), true, true},
      {"5", "x=5", with(&Policy::assignment, Assignment::kStrict), true, false},
      {"x=5", "5", with(&Policy::assignment, Assignment::kStrict), true, false},
      {"x=5", "x=5", with(&Policy::assignment, Assignment::kStrict), true, true},
      {"\\ln 2", "\\log 2", with(&Policy::logarithm, Logarithm::kTen), true, false},
      {"2", "\\log 100", with(&Policy::logarithm, Logarithm::kNatural), true, false},
  };
  for (const Flip& flip : flips) {
    EXPECT_EQ(is_correct(flip.gold, flip.answer), flip.by_default) << describe(flip.gold, flip.answer);
    EXPECT_EQ(is_correct(flip.gold, flip.answer, flip.policy), flip.flipped)
        << describe(flip.gold, flip.answer, flip.policy);
  }
}

Outcome outcome(std::string_view gold, std::string_view completion, const Policy& policy = {}) {
  return grade({std::string(gold)}, completion, false, policy).outcome;
}

TEST(Policies, Boxes) {
  constexpr std::string_view kText = "first \\boxed{1}, which is wrong; so \\boxed{2}.";
  EXPECT_EQ(outcome("2", kText), Outcome::kCorrect);
  EXPECT_EQ(outcome("1", kText), Outcome::kWrong);
  EXPECT_EQ(outcome("1", kText, with(&Policy::boxes, Boxes::kAny)), Outcome::kCorrect);
  EXPECT_EQ(outcome("1,2", kText, with(&Policy::boxes, Boxes::kJoined)), Outcome::kCorrect);
  EXPECT_EQ(outcome("2", kText, with(&Policy::boxes, Boxes::kJoined)), Outcome::kWrong);
}

TEST(Policies, Extraction) {
  constexpr std::string_view kMarked = "Answer: 7", kFree = "so we get $x=7$ in the end";
  EXPECT_EQ(outcome("7", kMarked), Outcome::kCorrect);
  EXPECT_EQ(outcome("7", kFree), Outcome::kCorrect);
  EXPECT_EQ(outcome("7", kMarked, with(&Policy::extraction, Extraction::kMarked)), Outcome::kCorrect);
  EXPECT_EQ(outcome("7", kFree, with(&Policy::extraction, Extraction::kMarked)), Outcome::kNoAnswer);
  EXPECT_EQ(outcome("7", kMarked, with(&Policy::extraction, Extraction::kBoxed)), Outcome::kNoAnswer);
  EXPECT_EQ(outcome("7", "\\boxed{7}", with(&Policy::extraction, Extraction::kBoxed)), Outcome::kCorrect);
}

TEST(Policies, AfterThink) {
  constexpr std::string_view kText = "<think>\\boxed{7}</think> I am not sure.";
  EXPECT_EQ(outcome("7", kText), Outcome::kNoAnswer);
  EXPECT_EQ(outcome("7", kText, with(&Policy::after_think, false)), Outcome::kCorrect);
}

}  // namespace
}  // namespace hone::math
