// Numerals: digits, points, separators of thousands, exponents, repeated digits.
#pragma once

#include <string_view>

#include "rewards/math/policy.h"
#include "rewards/math/tree.h"

namespace hone::math {

struct Numeral {
  Literal literal;
  size_t length = 0;  // bytes read
};

// Where a numeral stands, which decides what its commas mean.
struct NumeralPlace {
  bool in_list_brackets = false;  // directly inside ( [ or {: a comma separates elements
  bool decimal_comma = false;     // a comma before digits that are not three is a decimal point
};

// The numeral at the start of the text, which begins with a digit, or a point and a digit.
Numeral read_numeral(std::string_view text, const Policy& policy, NumeralPlace place);

}  // namespace hone::math
