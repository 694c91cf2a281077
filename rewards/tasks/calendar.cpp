#include <chrono>
#include <cstdlib>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr sys_days kOrigin = std::chrono::year(2000) / 1 / 1;  // a Saturday
constexpr int64_t kDaysOf400Years = 146097;
constexpr const char* kWeekdays[] = {"Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday"};

std::string two_digits(unsigned n) { return str(n / 10, n % 10); }

// The date that many days after 2000-01-01, 0 to 400 years.
std::string date(int64_t days) {
  const year_month_day day(kOrigin + std::chrono::days(days));
  return str(static_cast<int>(day.year()), "-", two_digits(static_cast<unsigned>(day.month())), "-",
             two_digits(static_cast<unsigned>(day.day())));
}

std::string on_day(int64_t days) { return str(date(days), " is day ", days, " after 2000-01-01"); }

Question weekday_question(int64_t day) {
  const char* const name = kWeekdays[day % 7];
  return {str("What day of the week is ", date(day), "? Answer with its English name."),
          str(on_day(day), ", a Saturday; ", day, " mod 7 = ", day % 7, "; ", name), name, ""};
}

Question difference_question(int64_t first, int64_t second) {
  return {str("How many days after ", date(first), " is ", date(second),
              "? Answer with one integer, negative if it is before."),
          str(on_day(first), "; ", on_day(second), "; ", second, " - ", first, " = ", second - first),
          std::to_string(second - first), ""};
}

Question shift_question(int64_t day, int64_t shift) {
  return {str("Which date is ", std::abs(shift), " days ", shift < 0 ? "before " : "after ", date(day),
              "? Answer in the form YYYY-MM-DD."),
          str(on_day(day), "; ", day, shift < 0 ? " - " : " + ", std::abs(shift), " = ", day + shift, "; ",
              on_day(day + shift)),
          date(day + shift), ""};
}

class Calendar final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    constexpr int64_t kYears[] = {1, 2, 4, 8, 16, 40, 80, 120, 200, 400};
    const int64_t span = kDaysOf400Years * kYears[difficulty - 1] / 400;
    const int64_t first = draw_between(random, 0, span - 1), second = draw_between(random, 0, span - 1);
    switch (random.below(3)) {
      case 0: return weekday_question(first);
      case 1: return difference_question(first, second);
      default: return shift_question(first, second - first);
    }
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override {
    const std::string lower = lower_case(answer);
    for (const char* name : kWeekdays)
      if (lower == lower_case(name)) return name;
    if (auto number = canonical_integer(answer)) return number;
    return is_date(answer) ? std::optional(std::string(answer)) : std::nullopt;
  }

 private:
  static bool is_date(std::string_view text) {
    constexpr std::string_view kForm = "dddd-dd-dd";
    if (text.size() != kForm.size()) return false;
    for (size_t i = 0; i < text.size(); ++i)
      if (kForm[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
    return true;
  }
};

}  // namespace

const Task& calendar() {
  static const Calendar task("calendar");
  return task;
}

}  // namespace hone::rewards
