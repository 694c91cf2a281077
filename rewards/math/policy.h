// What counts as the same answer where people disagree. Each policy is one field; the defaults are those of the
// checker "math".
#pragma once

namespace hone::math {

// 7% against a gold without a percent sign.
enum class Percent {
  kEither,    // equals 0.07 and 7
  kFraction,  // equals 0.07 only
  kNumber,    // equals 7 only
};

// A unit on one side alone. Two different units never match, unless one converts into the other.
enum class Units {
  kStripIfGoldBare,  // an answer's unit is dropped where the gold has none; a gold's unit is taken as implied
  kRequire,          // both sides carry a unit, or neither
  kIgnore,           // units are dropped on both sides: 12 cm equals 12 m
};

// Which commas and spaces inside a number separate thousands.
enum class Thousands {
  kStrict,  // those between groups of exactly three digits
  kNever,   // none: 1,234 is a list of two
};

// Which boxes of a completion hold the answer.
enum class Boxes {
  kLast,    // the last; where the gold is a list, those that stand together at the end
  kAny,     // any one of them that equals the gold
  kJoined,  // all of them, as one list
};

// Elements in brackets, as in (1, 2).
enum class Order {
  kAsWritten,  // (1, 2) is not (2, 1)
  kAny,
};

// When a decimal equals a number it does not equal exactly.
enum class Tolerance {
  kGoldDigits,  // within half a unit in the last place written, never beyond four significant digits
  kExact,       // never
  kRelative,    // within a share of the gold
};

// Where an answer may stand when there is no box.
enum class Extraction {
  kBoxed,   // nowhere
  kMarked,  // after a marker too: <answer>, "final answer is", "answer:", ####
  kAny,     // also the last formula, then the last number
};

enum class DecimalComma {
  kAuto,  // 1000,99 where a list cannot be meant: one comma, not followed by a space or by three digits
  kNever,
};

enum class MixedNumbers {
  kProper,  // 2\frac{1}{3} is 7/3; 2\frac{5}{3} is a product
  kNever,   // always a product
};

// 30^\circ against a number.
enum class Degrees {
  kStrip,    // the number 30, or pi/6
  kRadians,  // pi/6 only
};

// x = 5 against 5.
enum class Assignment {
  kUnwrap,  // equal
  kStrict,  // not
};

// log without a base.
enum class Logarithm {
  kEither,  // base 10 or natural, the same on both sides
  kTen,
  kNatural,
};

struct Policy {
  Percent percent = Percent::kEither;
  Units units = Units::kStripIfGoldBare;
  Thousands thousands = Thousands::kStrict;
  Boxes boxes = Boxes::kLast;
  Order order = Order::kAsWritten;
  Tolerance tolerance = Tolerance::kGoldDigits;
  double relative = 1e-4;  // for Tolerance::kRelative
  Extraction extraction = Extraction::kAny;
  bool after_think = true;  // only text after the last </think> counts, where there is one
  DecimalComma decimal_comma = DecimalComma::kAuto;
  MixedNumbers mixed_numbers = MixedNumbers::kProper;
  Degrees degrees = Degrees::kStrip;
  Assignment assignment = Assignment::kUnwrap;
  Logarithm logarithm = Logarithm::kEither;
};

}  // namespace hone::math
