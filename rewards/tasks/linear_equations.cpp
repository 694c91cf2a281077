#include <cstdlib>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

constexpr const char* kNames[] = {"x", "y", "z"};

int64_t draw_nonzero(PhiloxStream& random, int64_t most) {
  const int64_t value = draw_between(random, 1, 2 * most);
  return value > most ? most - value : value;
}

// "3x - y + 5", terms of 0 left out.
std::string side(const std::vector<int64_t>& coefficients, int64_t constant) {
  std::string text;
  const auto add = [&](int64_t value, const char* name) {
    if (value == 0) return;
    const int64_t size = std::abs(value);
    text += text.empty() ? (value < 0 ? "-" : "") : (value < 0 ? " - " : " + ");
    if (size != 1 || *name == 0) text += std::to_string(size);
    text += name;
  };
  for (size_t i = 0; i < coefficients.size(); ++i) add(coefficients[i], kNames[i]);
  add(constant, "");
  return text.empty() ? "0" : text;
}

Question one_unknown(PhiloxStream& random, int difficulty) {
  const int64_t x = draw_between(random, -9 * difficulty, 9 * difficulty);
  const int64_t a = draw_nonzero(random, 6 + 3 * difficulty), b = draw_between(random, -20, 20);
  int64_t c = difficulty < 3 ? 0 : draw_nonzero(random, 9);
  while (c == a) c = draw_nonzero(random, 9);
  const int64_t d = a * x + b - c * x;
  std::string chain = c == 0 ? "" : side({a - c}, b) + " = " + side({}, d) + "; ";
  chain += side({a - c}, 0) + " = " + side({}, d - b) + "; x = " + std::to_string(x);
  return {"Solve " + side({a}, b) + " = " + side({c}, d) + " for x. Answer with one integer.", chain,
          std::to_string(x), ""};
}

using Row = std::vector<int64_t>;

int64_t determinant(const std::vector<Row>& m) {
  if (m.size() == 2) return m[0][0] * m[1][1] - m[0][1] * m[1][0];
  int64_t sum = 0;
  for (size_t i = 0; i < 3; ++i)
    sum += m[0][i] * (m[1][(i + 1) % 3] * m[2][(i + 2) % 3] - m[1][(i + 2) % 3] * m[2][(i + 1) % 3]);
  return sum;
}

// The chain is Cramer's rule.
Question several_unknowns(PhiloxStream& random, size_t count, int64_t largest) {
  std::vector<int64_t> solution(count), right(count);
  std::vector<Row> matrix(count, Row(count));
  for (int64_t& value : solution) value = draw_between(random, -largest, largest);
  do {
    for (Row& row : matrix)
      for (int64_t& value : row) value = draw_between(random, -5, 5);
  } while (determinant(matrix) == 0);
  std::vector<std::string> equations, steps, answer;
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < count; ++j) right[i] += matrix[i][j] * solution[j];
    equations.push_back(side(matrix[i], 0) + " = " + std::to_string(right[i]));
  }
  const int64_t all = determinant(matrix);
  steps.push_back(str("D = ", all));
  for (size_t j = 0; j < count; ++j) {
    std::vector<Row> replaced = matrix;
    for (size_t i = 0; i < count; ++i) replaced[i][j] = right[i];
    const int64_t own = determinant(replaced);
    steps.push_back(str("D", kNames[j], " = ", own, "; ", kNames[j], " = ", own, " / ", all, " = ", solution[j]));
    answer.push_back(str(kNames[j], " = ", solution[j]));
  }
  return {"Solve " + join(equations, ", ") + ". All solutions are integers. Answer in the form " +
              (count == 2 ? "x = 1, y = 2." : "x = 1, y = 2, z = 3."),
          join(steps, "; "), join(answer, ", "), ""};
}

class LinearEquations final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    if (difficulty <= 4) return one_unknown(random, difficulty);
    if (difficulty <= 7) return several_unknowns(random, 2, 5 * (difficulty - 4));
    return several_unknowns(random, 3, 5 * (difficulty - 7));
  }

 protected:
  // A lone integer is the value of x.
  std::optional<std::string> canonical(std::string_view answer) const override {
    if (auto number = canonical_integer(answer)) return "x = " + *number;
    return canonical_pairs(answer, '=');
  }
};

}  // namespace

const Task& linear_equations() {
  static const LinearEquations task("linear_equations");
  return task;
}

}  // namespace hone::rewards
