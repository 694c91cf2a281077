// What the families share: drawing and reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rewards/tasks/task.h"

namespace hone::rewards {

class Family : public Task {
 public:
  explicit Family(std::string_view name) : name_(name) {}
  std::string_view name() const final { return name_; }
  // New line and all printable ASCII.
  std::string_view characters() const final;
  int levels() const final { return 10; }

 private:
  const std::string_view name_;
};

// Uniform in [low, high]. Requires low <= high and fewer than 2^32 values.
int64_t draw_between(PhiloxStream& random, int64_t low, int64_t high);

template <class Container>
const auto& draw_one(PhiloxStream& random, const Container& items) {
  return items[random.below(static_cast<uint32_t>(std::size(items)))];
}

template <class T>
void shuffle(PhiloxStream& random, std::vector<T>& items) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(static_cast<uint32_t>(i))]);
}

// Parts with a separator between.
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string join(const std::vector<int64_t>& numbers, std::string_view separator);

std::string_view trimmed(std::string_view text);
std::string lower_case(std::string_view text);  // of ASCII letters

// A decimal integer of at most 18 digits, '-' or the minus sign U+2212 before it, and nothing else.
std::optional<int64_t> read_integer(std::string_view text);
// The same, written again without leading zeros.
std::optional<std::string> canonical_integer(std::string_view text);

// The parts between separators, trimmed; nullopt when there are more than `most` of them or one is empty.
std::optional<std::vector<std::string_view>> read_list(std::string_view text, char separator, size_t most);
// "b = 2, a = 1" as "a = 1, b = 2", by name; nullopt when a name comes twice.
std::optional<std::string> canonical_pairs(std::string_view text, char sign);

}  // namespace hone::rewards
