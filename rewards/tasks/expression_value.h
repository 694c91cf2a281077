// The exact value of an arithmetic expression from outside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hone::rewards {

enum class Evaluation { kDone, kMalformed, kTooLarge, kDivisionByZero };

struct ExpressionValue {
  Evaluation state = Evaluation::kMalformed;
  int64_t numerator = 0, denominator = 1;  // lowest terms, denominator > 0
  std::vector<int64_t> numbers;            // as they stand in the expression, from left to right
};

// Integers of at most 9 digits, + - * / with their usual ranks, from left to right, and parentheses; also the signs
// U+00D7, U+00F7 and U+2212. No signs before numbers. Too large: a numerator or denominator above 10^15. Time linear in
// the text, no recursion.
ExpressionValue evaluate_expression(std::string_view text);

}  // namespace hone::rewards
