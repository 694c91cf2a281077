#include "rewards/math/units.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hone::math {
namespace {

// A unit with its other spellings, separated by spaces. Plurals in -s are understood.
struct Unit {
  std::string_view name;
  std::string_view spellings;
  std::string_view dimension;
  int64_t numerator = 1;
  int64_t denominator = 1;
};

constexpr auto kUnits = std::to_array<Unit>({
    {"mm", "millimeter millimetre", "length", 1, 1000},
    {"cm", "centimeter centimetre", "length", 1, 100},
    {"dm", "decimeter decimetre", "length", 1, 10},
    {"m", "meter metre", "length"},
    {"km", "kilometer kilometre", "length", 1000},
    {"nm", "nanometer", ""},
    {"in", "inch inches", "length", 254, 10000},
    {"ft", "foot feet", "length", 3048, 10000},
    {"yd", "yard", "length", 9144, 10000},
    {"mile", "mi", "length", 1609344, 1000},
    {"mg", "milligram", "mass", 1, 1000},
    {"g", "gram gm", "mass"},
    {"kg", "kilogram kilo", "mass", 1000},
    {"lb", "pound lbs", "mass", 45359237, 100000},
    {"oz", "ounce", "mass", 45359237, 1600000},
    {"ton", "tonne", ""},
    {"ms", "millisecond", "time", 1, 1000},
    {"s", "second sec", "time"},
    {"min", "minute mins", "time", 60},
    {"h", "hour hr hrs", "time", 3600},
    {"day", "", "time", 86400},
    {"week", "wk", "time", 604800},
    {"month", "", "months"},
    {"year", "yr", "months", 12},
    {"ml", "milliliter millilitre mL", "volume", 1, 1000},
    {"l", "liter litre L", "volume"},
    {"gallon", "gal", ""},
    {"km/h", "kph kmh kmph", "speed", 1000, 3600},
    {"m/s", "mps", "speed"},
    {"mph", "mile/h", "speed", 1609344, 3600000},
    {"dollar", "USD \\$", "dollars"},
    {"cent", "", "dollars", 1, 100},
    {"EUR", "euro", ""},
    {"GBP", "", ""},
    {"JPY", "yen", ""},
    {"yuan", "RMB", ""},
    {"rupee", "", ""},
    {"N", "newton", ""},
    {"J", "joule", ""},
    {"W", "watt", ""},
    {"V", "volt", ""},
    {"Hz", "hertz", ""},
    {"mol", "mole", ""},
    {"degC", "celsius", ""},
    {"degF", "fahrenheit", ""},
    {"K", "kelvin", ""},
    {"unit", "", ""},
    {"person", "people", ""},
    {"student", "", ""},
    {"way", "", ""},
    {"point", "", ""},
    {"time", "", ""},
    {"acre", "", ""},
    {"hectare", "ha", ""},
    {"cup", "", ""},
    {"book", "", ""},
    {"apple", "", ""},
    {"mi", "", ""},
    {"child", "children", ""},
    {"coin", "", ""},
    {"ball", "", ""},
    {"piece", "", ""},
    {"page", "", ""},
    {"item", "", ""},
    {"rad", "radian", ""},
    {"bit", "", ""},
    {"byte", "", ""},
    {"pm", "", ""},
    {"am", "", ""},
    {"pa", "pascal", ""},
});

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool among(std::string_view spellings, std::string_view word) {
  while (!spellings.empty()) {
    const size_t end = std::min(spellings.find(' '), spellings.size());
    if (spellings.substr(0, end) == word) return true;
    spellings.remove_prefix(std::min(end + 1, spellings.size()));
  }
  return false;
}

const Unit* find_unit(std::string_view word) {
  for (const Unit& unit : kUnits)
    if (unit.name == word || among(unit.spellings, word)) return &unit;
  return nullptr;
}

// The unit of a word, whatever its case and number.
const Unit* unit_of(std::string_view word) {
  if (const Unit* unit = find_unit(word)) return unit;
  const std::string small = lower(word);
  if (small.size() > 2) {
    if (const Unit* unit = find_unit(small)) return unit;
    if (small.ends_with('s'))
      if (const Unit* unit = find_unit(std::string_view(small).substr(0, small.size() - 1))) return unit;
  }
  return nullptr;
}

std::string word_name(std::string_view word) {
  const Unit* unit = unit_of(word);
  return unit != nullptr ? std::string(unit->name) : lower(word);
}

}  // namespace

bool is_unit_word(std::string_view word) {
  return word.size() > 1 &&
         (unit_of(word) != nullptr || word == "square" || word == "cubic" || word == "sq" || word == "cu");
}

bool is_unit_expression(std::string_view text) {
  const size_t first = std::min(text.find_first_of(" /*^{}.-0123456789"), text.size());
  if (first == 0 || first == text.size() || unit_of(text.substr(0, first)) == nullptr) return false;
  constexpr std::string_view kMarks = " /*^{}.-0123456789";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kMarks.find(c) != kMarks.npos;
  });
}

bool is_unit_letter(std::string_view letter) {
  static constexpr std::string_view kLetters = "mgshlLNJWVK";
  return letter.size() == 1 && kLetters.find(letter[0]) != kLetters.npos;
}

std::string unit_name(std::string_view written) {
  std::string out;
  std::string power;
  const auto flush = [&](std::string word) {
    if (word == "square" || word == "sq")
      power = "^2";
    else if (word == "cubic" || word == "cu")
      power = "^3";
    else if (word == "squared")
      out += "^2";
    else if (word == "cubed")
      out += "^3";
    else if (word == "per")
      out += '/';
    else if (word == "of" || word == "a" || word == "an" || word == "the")
      return;
    else {
      if (!out.empty() && out.back() != '/' && out.back() != '*') out += ' ';
      out += word_name(word) + power;
      power.clear();
    }
  };
  for (size_t i = 0; i < written.size();) {
    const char c = written[i];
    if (c == ' ' || c == '.' || c == '{' || c == '}') {
      ++i;
    } else if (c == '/' || c == '*' || c == '^' || c == '-' || (c >= '0' && c <= '9')) {
      out += c;
      ++i;
    } else {
      const size_t end = std::min(written.find_first_of(" ./*^{}-0123456789", i), written.size());
      flush(std::string(written.substr(i, end - i)));
      i = end;
    }
  }
  // Lengths of two or three dimensions keep their own power; "60 km / h" was read as one unit.
  if (const Unit* unit = find_unit(out)) return std::string(unit->name);
  return out;
}

UnitScale unit_scale(std::string_view name) {
  if (const Unit* unit = find_unit(name); unit != nullptr && !unit->dimension.empty())
    return {unit->dimension, unit->numerator, unit->denominator};
  const size_t caret = name.find('^');
  if (caret == name.npos || name.size() != caret + 2) return {};
  const int power = name[caret + 1] - '0';
  const Unit* unit = find_unit(name.substr(0, caret));
  if (unit == nullptr || unit->dimension != "length" || power < 2 || power > 3) return {};
  UnitScale scale{power == 2 ? "area" : "volume of lengths"};
  for (int i = 0; i < power; ++i) {
    scale.numerator *= unit->numerator;
    scale.denominator *= unit->denominator;
  }
  return scale;
}

}  // namespace hone::math
