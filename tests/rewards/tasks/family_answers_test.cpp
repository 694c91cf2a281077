// The worked answers of the families against other ways to compute them, from the text of the prompts alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <numeric>

#include "rewards/tasks/expression_value.h"
#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"
#include "tests/rewards/tasks/family_questions.h"

namespace hone::rewards {
namespace {

constexpr uint64_t kKey = 11;  // of the stream of questions

std::vector<std::string> parts(const std::string& text, char separator) {
  const auto views = read_list(text, separator, 64);
  EXPECT_TRUE(views) << text;
  return {views->begin(), views->end()};
}

std::vector<int64_t> integers(const std::string& text) {
  std::vector<int64_t> found;
  for (size_t at = 0; (at = text.find_first_of("0123456789", at)) != text.npos;) {
    size_t length = 0;
    found.push_back(std::stoll(text.substr(at), &length));
    at += length;
  }
  return found;
}

TEST(FamilyAnswers, ArithmeticChainIsTheValueOfTheExpression) {
  for_each_question(arithmetic_chain(), kKey, [](const std::string& prompt, const std::string& answer) {
    const ExpressionValue value = evaluate_expression(between(prompt, "What is ", "?"));
    EXPECT_EQ(std::to_string(value.numerator), answer);
    EXPECT_EQ(value.denominator, 1);
  });
}

TEST(FamilyAnswers, BaseConversionKeepsTheValue) {
  for_each_question(base_conversion(), kKey, [](const std::string& prompt, const std::string& answer) {
    const int from = std::stoi(between(prompt, "the base ", " ")), to = std::stoi(between(prompt, " in base ", "."));
    EXPECT_EQ(std::stoll(between(prompt, "number ", " "), nullptr, from), std::stoll(answer, nullptr, to));
  });
}

// The n-th date in the text as the C library sees it.
std::tm date_in(const std::string& text, int n) {
  size_t at = 0;
  for (int i = 0; i <= n; ++i) at = text.find_first_of("0123456789", i == 0 ? 0 : at + 10);
  std::tm date{};
  EXPECT_NE(strptime(text.c_str() + at, "%Y-%m-%d", &date), nullptr);
  timegm(&date);
  return date;
}
int64_t day_number(std::tm date) { return timegm(&date) / 86400; }

TEST(FamilyAnswers, CalendarAgreesWithTheCLibrary) {
  for_each_question(calendar(), kKey, [](const std::string& prompt, const std::string& answer) {
    if (prompt.starts_with("What day")) {
      char name[16];
      const std::tm date = date_in(prompt, 0);
      EXPECT_EQ(answer, std::string(name, strftime(name, sizeof name, "%A", &date)));
    } else if (prompt.starts_with("How many")) {
      EXPECT_EQ(answer, std::to_string(day_number(date_in(prompt, 1)) - day_number(date_in(prompt, 0))));
    } else {
      const int64_t shift = std::stoll(between(prompt, "date is ", " ")) * (prompt.find("before") < 40 ? -1 : 1);
      const std::string rest = prompt.substr(prompt.find("days "));
      EXPECT_EQ(day_number(date_in(answer, 0)), day_number(date_in(rest, 0)) + shift);
    }
  });
}

TEST(FamilyAnswers, FactorsAreThoseOfTheStandardLibrary) {
  for_each_question(factors(), kKey, [](const std::string& prompt, const std::string& answer) {
    const std::vector<int64_t> given = integers(prompt), found = integers(answer);
    if (prompt.find("divisor") != prompt.npos) {
      EXPECT_EQ(found[0], std::gcd(given[0], given[1]));
    } else if (prompt.find("multiple") != prompt.npos) {
      EXPECT_EQ(found[0], std::lcm(given[0], given[1]));
    } else {
      EXPECT_EQ(std::accumulate(found.begin(), found.end(), int64_t{1}, std::multiplies<>()), given[0]);
      for (int64_t prime : found)
        for (int64_t divisor = 2; divisor < prime && divisor < 2000; ++divisor) EXPECT_NE(prime % divisor, 0);
    }
  });
}

TEST(FamilyAnswers, ModularArithmeticIsTheRemainder) {
  for_each_question(modular_arithmetic(), kKey, [](const std::string& prompt, const std::string& answer) {
    const std::string expression = between(prompt, "remainder of ", " divided");
    const std::vector<int64_t> given = integers(prompt);
    int64_t value = evaluate_expression(expression).numerator % given.back();
    if (expression.find('^') != expression.npos) {
      value = 1;
      for (int64_t i = 0; i < given[1]; ++i) value = value * given[0] % given[2];
    }
    EXPECT_EQ(std::to_string(value % given.back()), answer);
  });
}

// The value of "3x - y + 5" for the values of x, y and z.
int64_t substitute(const std::string& side, const std::map<char, int64_t>& values) {
  int64_t sum = 0, sign = 1, coefficient = -1;  // -1: none was written
  const auto end_term = [&](int64_t factor) {
    sum += sign * (coefficient < 0 ? 1 : coefficient) * factor;
    coefficient = -1;
  };
  for (size_t i = 0; i < side.size(); ++i) {
    const char c = side[i];
    if (c >= '0' && c <= '9') coefficient = std::max<int64_t>(coefficient, 0) * 10 + (c - '0');
    const bool number_ends = coefficient >= 0 && (i + 1 == side.size() || side[i + 1] == ' ');
    if (values.contains(c)) end_term(values.at(c));
    else if (number_ends) end_term(1);
    if (c == '-') sign = -1;
    if (c == '+') sign = 1;
  }
  return sum;
}

TEST(FamilyAnswers, LinearEquationsHoldForTheSolution) {
  for_each_question(linear_equations(), kKey, [](const std::string& prompt, const std::string& answer) {
    std::map<char, int64_t> values;
    if (answer.find('=') == answer.npos) values['x'] = std::stoll(answer);
    for (const std::string& pair : parts(answer, ','))
      if (answer.find('=') != answer.npos) values[pair[0]] = std::stoll(pair.substr(4));
    std::string equations = between(prompt, "Solve ", ".");
    equations = equations.substr(0, equations.find(" for x"));
    for (const std::string& equation : parts(equations, ',')) {
      const auto sides = parts(equation, '=');
      EXPECT_EQ(substitute(sides[0], values), substitute(sides[1], values));
    }
  });
}

TEST(FamilyAnswers, SortingSorts) {
  for_each_question(sorting(), kKey, [](const std::string& prompt, const std::string& answer) {
    std::string list = between(prompt, "Sort ", ".");
    for (const char* order : {" from", " alpha", " in rev"}) list = list.substr(0, list.find(order));
    const bool numbers = prompt.find("numbers") != prompt.npos;
    std::vector<std::string> items = parts(list, ',');
    std::sort(items.begin(), items.end(), [&](const std::string& a, const std::string& b) {
      return numbers ? std::stoll(a) < std::stoll(b) : a < b;
    });
    const bool falling = prompt.find("reverse") != prompt.npos || prompt.find("large to small") != prompt.npos;
    if (falling) std::reverse(items.begin(), items.end());
    EXPECT_EQ(join(items, ", "), answer);
  });
}

TEST(FamilyAnswers, NoPathIsShorterThanTheShortest) {
  for_each_question(shortest_path(), kKey, [](const std::string& prompt, const std::string& answer) {
    const std::vector<std::string> rows = parts(between(prompt, "#:\n", "\nAnswer"), '\n');
    const int side = static_cast<int>(rows.size()), far = 1000;
    std::vector<int> distance(rows.size() * rows.size(), far);
    for (int round = 0; round < side * side; ++round)
      for (int cell = 0; cell < side * side; ++cell) {
        const int row = cell / side, column = cell % side;
        int& own = distance[static_cast<size_t>(cell)];
        const char mark = rows[static_cast<size_t>(row)][static_cast<size_t>(column)];
        if (mark == 'S') own = 0;
        if (mark == '#' || mark == 'S') continue;
        const auto reach = [&](int r, int c) {
          if (r >= 0 && c >= 0 && r < side && c < side)
            own = std::min(own, distance[static_cast<size_t>(r * side + c)] + 1);
        };
        reach(row - 1, column), reach(row + 1, column), reach(row, column - 1), reach(row, column + 1);
      }
    for (int cell = 0; cell < side * side; ++cell) {
      if (rows[static_cast<size_t>(cell / side)][static_cast<size_t>(cell % side)] != 'G') continue;
      EXPECT_EQ(distance[static_cast<size_t>(cell)], static_cast<int>(answer.size()));
    }
  });
}

}  // namespace
}  // namespace hone::rewards
