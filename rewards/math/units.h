// Units: their names, and what converts into what.
#pragma once

#include <string>
#include <string_view>

namespace hone::math {

// A word that is a unit wherever it follows a number: cm, miles, hours, dollars.
bool is_unit_word(std::string_view word);
// A unit made of others: m/s, kg m^2.
bool is_unit_expression(std::string_view text);
// A letter that may be one: 12 m.
bool is_unit_letter(std::string_view letter);

// One name for the several ways of writing a unit: "square centimeters", "cm ^2" and "cm^{2}" give "cm^2". A word that
// is no unit stays as it is, in lower case.
std::string unit_name(std::string_view written);

struct UnitScale {
  std::string_view dimension;  // "length", "mass", ...; empty: unknown, equal to itself only
  int64_t numerator = 1;       // in units of the dimension's base
  int64_t denominator = 1;
};
UnitScale unit_scale(std::string_view name);

}  // namespace hone::math
