#include "rewards/tasks/family.h"

#include <map>

#include "rewards/tags.h"

namespace hone::rewards {

std::string_view Family::characters() const {
  return "\n !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
}

int64_t draw_between(PhiloxStream& random, int64_t low, int64_t high) {
  HONE_CHECK(low <= high && high - low < UINT32_MAX, low, " to ", high);
  return low + random.below(static_cast<uint32_t>(high - low + 1));
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text.append(i == 0 ? "" : separator).append(parts[i]);
  return text;
}

std::string join(const std::vector<int64_t>& numbers, std::string_view separator) {
  std::vector<std::string> parts;
  for (int64_t number : numbers) parts.push_back(std::to_string(number));
  return join(parts, separator);
}

std::string_view trimmed(std::string_view text) { return trim(text); }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return lower;
}

std::optional<int64_t> read_integer(std::string_view text) {
  constexpr std::string_view kMinus = "\u2212";
  constexpr size_t kMaxDigits = 18;
  const bool minus_sign = text.starts_with(kMinus);
  const bool negative = minus_sign || text.starts_with('-');
  if (negative) text.remove_prefix(minus_sign ? kMinus.size() : 1);
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + (c - '0');
  }
  return negative ? -value : value;
}

std::optional<std::string> canonical_integer(std::string_view text) {
  const auto value = read_integer(trim(text));
  if (!value) return std::nullopt;
  return std::to_string(*value);
}

std::optional<std::vector<std::string_view>> read_list(std::string_view text, char separator, size_t most) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.push_back(trim(text.substr(begin, end - begin)));
    if (parts.back().empty() || parts.size() > most) return std::nullopt;
    if (end == text.npos) return parts;
    begin = end + 1;
  }
}

std::optional<std::string> canonical_pairs(std::string_view text, char sign) {
  constexpr size_t kMaxPairs = 64;
  const auto parts = read_list(text, ',', kMaxPairs);
  if (!parts) return std::nullopt;
  std::map<std::string, std::string> values;
  for (std::string_view part : *parts) {
    const auto sides = read_list(part, sign, 2);
    if (!sides || sides->size() != 2) return std::nullopt;
    const auto number = canonical_integer((*sides)[1]);
    const std::string value = number ? *number : lower_case((*sides)[1]);
    if (!values.emplace(lower_case((*sides)[0]), value).second) return std::nullopt;
  }
  std::vector<std::string> pairs;
  for (const auto& [name, value] : values) pairs.push_back(name + " " + sign + " " + value);
  return join(pairs, ", ");
}

}  // namespace hone::rewards
