#include <algorithm>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

std::string in_base(int64_t value, int64_t base) {
  std::string digits;
  do {
    digits += kDigits[static_cast<size_t>(value % base)];
    value /= base;
  } while (value > 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

// To decimal digit by digit, then divisions by the new base.
std::string working(const std::string& digits, int64_t from, int64_t value, int64_t to) {
  std::vector<std::string> steps;
  int64_t read = 0;
  for (char digit : digits) {
    const auto next = static_cast<int64_t>(kDigits.find(digit));
    steps.push_back(str(read, " * ", from, " + ", next, " = ", read * from + next));
    read = read * from + next;
  }
  for (int64_t rest = value; rest > 0; rest /= to)
    steps.push_back(str(rest, " = ", to, " * ", rest / to, " + ", rest % to));
  return join(steps, "; ");
}

class BaseConversion final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    constexpr int64_t kUsual[] = {2, 8, 10, 16};
    const auto draw_base = [&] { return difficulty <= 4 ? draw_one(random, kUsual) : draw_between(random, 2, 16); };
    const int64_t value = draw_between(random, 16, (int64_t{64} << (2 * difficulty)) - 1);
    const int64_t from = draw_base();
    int64_t to = draw_base();
    while (to == from) to = draw_base();
    const std::string digits = in_base(value, from);
    return {str("Write the base ", from, " number ", digits, " in base ", to,
                ". Answer with its digits alone, a to f for the digits above 9."),
            working(digits, from, value, to), in_base(value, to), ""};
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override {
    std::string digits = lower_case(answer);
    if (digits.empty() || digits.find_first_not_of(kDigits) != digits.npos) return std::nullopt;
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return digits;
  }
};

}  // namespace

const Task& base_conversion() {
  static const BaseConversion task("base_conversion");
  return task;
}

}  // namespace hone::rewards
