#include <algorithm>

#include "base/json.h"
#include "rewards/tasks/expression_value.h"
#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

struct Part {
  int64_t value;
  std::string text;
};

// Combines two parts into a positive integer, by a random operator where it can.
Part combine(PhiloxStream& random, Part a, Part b, std::vector<std::string>& steps) {
  if (a.value < b.value) std::swap(a, b);
  const uint32_t drawn = random.below(4);
  char sign = '+';
  if (drawn == 1 && a.value > b.value) sign = '-';
  if (drawn == 2) sign = '*';
  if (drawn == 3 && a.value % b.value == 0) sign = '/';
  const int64_t value = sign == '+'   ? a.value + b.value
                        : sign == '-' ? a.value - b.value
                        : sign == '*' ? a.value * b.value
                                      : a.value / b.value;
  steps.push_back(str(a.value, " ", sign, " ", b.value, " = ", value));
  return {value, str("(", a.text, " ", sign, " ", b.text, ")")};
}

struct Puzzle {
  std::vector<int64_t> numbers;
  Part solution;
  std::vector<std::string> steps;
};

Puzzle draw_puzzle(PhiloxStream& random, int difficulty) {
  constexpr int64_t kLargest[] = {10, 20, 50, 20, 50, 100, 20, 50, 100, 100};
  Puzzle puzzle;
  std::vector<Part> parts;
  for (int i = 0; i < 3 + (difficulty - 1) / 3; ++i) {
    const int64_t number = draw_between(random, 1, kLargest[difficulty - 1]);
    puzzle.numbers.push_back(number);
    parts.push_back({number, std::to_string(number)});
  }
  while (parts.size() > 1) {
    shuffle(random, parts);
    const Part made = combine(random, parts[parts.size() - 1], parts[parts.size() - 2], puzzle.steps);
    parts.resize(parts.size() - 2);
    parts.push_back(made);
  }
  puzzle.solution = parts[0];
  return puzzle;
}

struct Goal {
  std::vector<int64_t> numbers;  // sorted
  int64_t target;
};

std::optional<Goal> read_goal(const json& gold) {
  constexpr size_t kMost = 16;
  if (!gold.is_object() || !gold.contains("numbers") || !gold.contains("target")) return std::nullopt;
  const json &numbers = gold["numbers"], &target = gold["target"];
  const auto is_integer = [](const json& number) { return number.is_number_integer(); };
  if (!numbers.is_array() || numbers.empty() || numbers.size() > kMost || !is_integer(target) ||
      !std::all_of(numbers.begin(), numbers.end(), is_integer))
    return std::nullopt;
  Goal goal{numbers.get<std::vector<int64_t>>(), target.get<int64_t>()};
  std::sort(goal.numbers.begin(), goal.numbers.end());
  return goal;
}

class Countdown final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    constexpr int64_t kLargestTarget = 999;
    Puzzle puzzle = draw_puzzle(random, difficulty);
    while (puzzle.solution.value > kLargestTarget) puzzle = draw_puzzle(random, difficulty);
    const int64_t target = puzzle.solution.value;
    const std::string& text = puzzle.solution.text;
    return {str("Use each of the numbers ", join(puzzle.numbers, ", "), " exactly once, with +, -, *, / and ",
                "parentheses, to make ", target, ". Answer with one expression and nothing else."),
            join(puzzle.steps, "; "), text.substr(1, text.size() - 2),
            json{{"numbers", puzzle.numbers}, {"target", target}}.dump()};
  }

  Judgement judge(const json& gold, std::string_view answer) const override {
    const auto goal = read_goal(gold);
    if (!goal) return {Verdict::kGoldError, "", "", "the gold must have numbers and a target"};
    ExpressionValue value = evaluate_expression(answer);
    if (value.state == Evaluation::kMalformed) return {Verdict::kParseError, "", "", "the answer is no expression"};
    if (value.state == Evaluation::kTooLarge) return {Verdict::kLimit, "", "", "a value is above 10^15"};
    const std::string text(answer);
    if (value.state == Evaluation::kDivisionByZero) return {Verdict::kWrong, text, "", "division by zero"};
    std::sort(value.numbers.begin(), value.numbers.end());
    if (value.numbers != goal->numbers) return {Verdict::kWrong, text, "", "not each number exactly once"};
    const bool right = value.denominator == 1 && value.numerator == goal->target;
    return {right ? Verdict::kCorrect : Verdict::kWrong, text, "",
            str("the value is ", value.numerator, value.denominator == 1 ? "" : str("/", value.denominator))};
  }
};

}  // namespace

const Task& countdown() {
  static const Countdown task("countdown");
  return task;
}

}  // namespace hone::rewards
