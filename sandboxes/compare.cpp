#include "sandboxes/compare.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace hone::sandboxes {
namespace {

// Blanks are the six of C's isspace in the C locale. A NUL is a character like any other.
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Takes tokens from the front of a text.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // Empty at the end.
  std::string_view next() {
    size_t begin = 0;
    while (begin < rest_.size() && is_blank(rest_[begin])) ++begin;
    size_t end = begin;
    while (end < rest_.size() && !is_blank(rest_[end])) ++end;
    const std::string_view token = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end);
    return token;
  }

 private:
  std::string_view rest_;
};

// Takes lines from the front of a text, without the blanks at their ends.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(trim_end(text)) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view next() {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = trim_end(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }

 private:
  static std::string_view trim_end(std::string_view text) {
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
  }
  std::string_view rest_;
};

bool same_text(std::string_view a, std::string_view b, bool case_sensitive) {
  if (case_sensitive) return a == b;
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool same_number(std::string_view output, std::string_view expected, const Tolerance& tolerance) {
  if (is_integer(output) && is_integer(expected)) return same_integer(output, expected);
  const std::optional<double> number = parse_decimal(output), wanted = parse_decimal(expected);
  return number && wanted && tolerance.accepts(*number, *wanted);
}

Comparison compare_tokens(std::string_view output, std::string_view expected, const CompareOptions& options) {
  Tokens ours(output), wanted(expected);
  for (size_t number = 1;; ++number) {
    const std::string_view a = ours.next(), b = wanted.next();
    if (a.empty() && b.empty()) return {.equal = true};
    if (a.empty()) return {.reason = str("the output ends before token ", number)};
    if (b.empty()) return {.reason = str("the output goes on after the ", number - 1, " expected tokens")};
    if (same_text(a, b, options.case_sensitive)) continue;
    if (options.mode == CompareMode::kFloats && same_number(a, b, options.tolerance)) continue;
    return {.reason = str("token ", number, " differs")};
  }
}

Comparison compare_lines(std::string_view output, std::string_view expected) {
  Lines ours(output), wanted(expected);
  for (size_t number = 1;; ++number) {
    if (ours.at_end() && wanted.at_end()) return {.equal = true};
    if (ours.at_end()) return {.reason = str("the output ends before line ", number)};
    if (wanted.at_end()) return {.reason = str("the output goes on after the ", number - 1, " expected lines")};
    if (ours.next() != wanted.next()) return {.reason = str("line ", number, " differs")};
  }
}

// Sorting k lines of n bytes compares at most n log k bytes.
std::vector<std::string_view> sorted_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (Lines rest(text); !rest.at_end();) {
    const std::string_view line = rest.next();
    if (!line.empty()) lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

Comparison compare_sets(std::string_view output, std::string_view expected) {
  const std::vector<std::string_view> ours = sorted_lines(output), wanted = sorted_lines(expected);
  if (ours.size() != wanted.size()) return {.reason = str(ours.size(), " lines, not ", wanted.size())};
  return ours == wanted ? Comparison{.equal = true} : Comparison{.reason = "other lines than expected"};
}

Comparison compare_bytes(std::string_view output, std::string_view expected) {
  const auto [a, b] = std::ranges::mismatch(output, expected);
  if (a == output.end() && b == expected.end()) return {.equal = true};
  return {.reason = str("byte ", a - output.begin() + 1, " differs")};
}

}  // namespace

bool Tolerance::accepts(double number, double expected) const {
  const double difference = std::abs(number - expected);
  return difference <= absolute || difference <= relative * std::abs(expected);
}

Comparison compare_outputs(std::string_view output, std::string_view expected, const CompareOptions& options) {
  switch (options.mode) {
    case CompareMode::kTokens:
    case CompareMode::kFloats:
      return compare_tokens(output, expected, options);
    case CompareMode::kLines:
      return compare_lines(output, expected);
    case CompareMode::kExact:
      return compare_bytes(output, expected);
    case CompareMode::kSetOfLines:
      return compare_sets(output, expected);
  }
  HONE_CHECK(false, "no such mode");
}

std::optional<double> parse_decimal(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  // from_chars would take inf and nan.
  const std::string_view unsigned_text = text.substr(text.starts_with('-') ? 1 : 0);
  if (unsigned_text.empty() || (!is_digit(unsigned_text[0]) && unsigned_text[0] != '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

bool same_integer(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view text) {
    const size_t first = text.find_first_not_of("+-0");
    return first == text.npos ? std::string_view() : text.substr(first);
  };
  const bool same_sign = a.starts_with('-') == b.starts_with('-');
  return digits(a) == digits(b) && (same_sign || digits(a).empty());
}

}  // namespace hone::sandboxes
