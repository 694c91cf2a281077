// Whether the bytes a program wrote are the expected ones. One pass over both sides, nothing is copied; any bytes are
// allowed on either side.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hone::sandboxes {

enum class CompareMode {
  kTokens,      // the same tokens in the same order; how they are spaced does not count
  kLines,       // the same lines; blanks at the end of a line and empty lines at the end do not count
  kExact,       // the same bytes
  kFloats,      // tokens, and numbers within the tolerances
  kSetOfLines,  // the lines of kLines in any order, each as often; empty lines do not count
};

// A number is what matches [+-]?(digits[.digits*]|.digits)([eE][+-]?digits)? and fits a double: nan, inf, 0x10, 1_0 and
// 1e400 are texts. Two integers, of any length, are equal when they are the same integer; two other numbers when they
// differ by at most `absolute`, or by at most `relative` times the expected one.
struct Tolerance {
  double absolute = 0;
  double relative = 0;

  // Requires finite numbers.
  bool accepts(double number, double expected) const;
};

struct CompareOptions {
  CompareMode mode = CompareMode::kTokens;
  Tolerance tolerance;         // kFloats
  bool case_sensitive = true;  // kTokens, kFloats: letters A to Z
};

struct Comparison {
  bool equal = false;
  std::string reason;  // where they differ; never holds any of the two texts
};

Comparison compare_outputs(std::string_view output, std::string_view expected, const CompareOptions& options);

// The number that the text is, by the grammar above.
std::optional<double> parse_decimal(std::string_view text);
// Digits with an optional sign.
bool is_integer(std::string_view text);
// Of two texts that are integers. -0 equals 0; leading zeros and a plus sign do not count.
bool same_integer(std::string_view a, std::string_view b);

}  // namespace hone::sandboxes
