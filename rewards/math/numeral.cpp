#include "rewards/math/numeral.h"

#include <algorithm>
#include <array>

namespace hone::math {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

size_t count_digits(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

// How thousands may be separated. A plain comma or space can also mean a list or a product.
constexpr auto kSeparators = std::to_array<std::string_view>(
    {",\\!\\!", ",\\!", "{,}\\!", "{,}", "{,\\!}", "\\,", "\\!", "\\ ", "{\\,}", "~", ",", " ", "\\;", "\\:"});

// The separator that stands before a group of exactly three digits; empty if there is none.
std::string_view separator_at(std::string_view text, size_t& group_start) {
  for (std::string_view separator : kSeparators) {
    if (!text.starts_with(separator)) continue;
    size_t start = separator.size();
    if (separator.ends_with("\\!")) start += text.substr(start).starts_with(' ');
    if (count_digits(text.substr(start)) != 3) continue;
    group_start = start;
    return separator;
  }
  return {};
}

// Length of a number in groups of three at the start of the text, or 0.
size_t grouped_length(std::string_view text, NumeralPlace place, std::string& digits) {
  const size_t lead = count_digits(text);
  if (lead < 1 || lead > 3 || text[0] == '0') return 0;
  size_t start = 0, at = lead;
  const std::string_view separator = separator_at(text.substr(at), start);
  if (separator.empty()) return 0;
  std::string found(text.substr(0, lead));
  bool begins_with_zero = false;
  while (separator_at(text.substr(at), start) == separator) {
    found += text.substr(at + start, 3);
    begins_with_zero |= text[at + start] == '0';
    at += start + 3;
  }
  if (separator == "," && place.in_list_brackets && !begins_with_zero) return 0;
  // "1 125/1000" is a mixed number.
  if (separator == " " && at < text.size() && text[at] == '/') return 0;
  digits = std::move(found);
  return at;
}

// "{3}" or "{27}": the digits inside, with the bytes of the whole.
size_t braced_digits(std::string_view text, std::string& digits) {
  if (!text.starts_with('{')) return 0;
  const size_t count = count_digits(text.substr(1));
  if (count == 0 || text.substr(1 + count, 1) != "}") return 0;
  digits = text.substr(1, count);
  return count + 2;
}

// \overline{3}, \bar{3}, \bar3, \dot{3} or (3) after the point.
size_t repeated_length(std::string_view text, std::string& digits) {
  if (text.starts_with('(')) {
    const size_t count = count_digits(text.substr(1));
    if (count == 0 || text.substr(1 + count, 1) != ")") return 0;
    digits = text.substr(1, count);
    return count + 2;
  }
  for (std::string_view command : {"\\overline", "\\bar", "\\dot"}) {
    if (!text.starts_with(command)) continue;
    const size_t space = text.substr(command.size()).starts_with(' ');
    const std::string_view rest = text.substr(command.size() + space);
    if (const size_t length = braced_digits(rest, digits)) return command.size() + space + length;
    if (count_digits(rest) >= 1) {
      digits = rest.substr(0, 1);
      return command.size() + space + 1;
    }
  }
  return 0;
}

// 0.333... : the period of the last digits, seen three times (twice for more than one digit), or 0.
size_t period_of(std::string_view decimals) {
  for (size_t period = 1; period <= 6; ++period) {
    const size_t wanted = period == 1 ? 3 : 2 * period;
    if (decimals.size() < wanted) break;
    const std::string_view tail = decimals.substr(decimals.size() - wanted);
    bool same = true;
    for (size_t i = period; i < wanted; ++i) same &= tail[i] == tail[i - period];
    if (same) return period;
  }
  return 0;
}

size_t dots_length(std::string_view text) {
  for (std::string_view dots : {"...", "\\dots", "\\ldots", "\\cdots"})
    if (text.starts_with(dots)) return dots.size();
  return 0;
}

void read_decimals(std::string_view text, Numeral& numeral) {
  std::string repeated;
  const size_t count = count_digits(text.substr(numeral.length));
  const std::string_view decimals = text.substr(numeral.length, count);
  Literal& literal = numeral.literal;
  literal.digits += decimals;
  literal.scale = static_cast<int32_t>(count);
  literal.decimal = true;
  numeral.length += count;
  const std::string_view rest = text.substr(numeral.length);
  if (const size_t length = repeated_length(rest, repeated)) {
    literal.digits += repeated;
    literal.scale += static_cast<int32_t>(repeated.size());
    literal.repeat = static_cast<int32_t>(repeated.size());
    literal.decimal = false;
    numeral.length += length;
  } else if (const size_t dots = dots_length(rest)) {
    literal.repeat = static_cast<int32_t>(period_of(decimals));
    if (literal.repeat > 0) literal.decimal = false;
    numeral.length += dots;
  }
}

void read_exponent(std::string_view text, Numeral& numeral) {
  size_t at = numeral.length;
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return;
  const bool minus = text.substr(at + 1, 1) == "-";
  const size_t sign = minus || text.substr(at + 1, 1) == "+";
  at += 1 + sign;
  const size_t count = count_digits(text.substr(at));
  constexpr size_t kMaxExponentDigits = 5;
  if (count == 0 || count > kMaxExponentDigits) return;
  int32_t exponent = 0;
  for (char c : text.substr(at, count)) exponent = exponent * 10 + (c - '0');
  numeral.literal.exponent = minus ? -exponent : exponent;
  numeral.literal.decimal = true;
  numeral.length = at + count;
}

bool point_at(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(std::min(at, text.size()));
  if (!rest.starts_with('.')) return false;
  std::string unused;
  return count_digits(rest.substr(1)) > 0 || repeated_length(rest.substr(1), unused) > 0;
}

}  // namespace

Numeral read_numeral(std::string_view text, const Policy& policy, NumeralPlace place) {
  Numeral numeral;
  Literal& literal = numeral.literal;
  if (policy.thousands == Thousands::kStrict) numeral.length = grouped_length(text, place, literal.digits);
  literal.grouped = numeral.length > 0;
  if (numeral.length == 0) {
    numeral.length = count_digits(text);
    literal.digits = text.substr(0, numeral.length);
  }
  if (point_at(text, numeral.length)) {
    ++numeral.length;
    read_decimals(text, numeral);
  } else if (place.decimal_comma && text.substr(numeral.length, 1) == "," &&
             count_digits(text.substr(numeral.length + 1)) > 0) {
    ++numeral.length;
    read_decimals(text, numeral);
  }
  read_exponent(text, numeral);
  const size_t zeros = std::min(literal.digits.find_first_not_of('0'), literal.digits.size());
  const size_t kept = static_cast<size_t>(literal.repeat);  // a period keeps its zeros
  const size_t cut =
      std::min(zeros, literal.digits.size() - std::min(literal.digits.size(), std::max<size_t>(kept, 1)));
  literal.digits.erase(0, cut);
  return numeral;
}

}  // namespace hone::math
