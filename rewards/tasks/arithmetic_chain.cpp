#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

struct Term {
  int64_t value;
  std::string text;
};

Term draw_term(PhiloxStream& random, int difficulty, std::vector<std::string>& steps) {
  if (difficulty < 4 || random.below(3) != 0) {
    const int64_t value = draw_between(random, 1, difficulty < 8 ? 99 : 999);
    return {value, std::to_string(value)};
  }
  const int64_t most = difficulty < 7 ? 12 : 25;
  const int64_t a = draw_between(random, 2, most), b = draw_between(random, 2, most);
  steps.push_back(str(a, " * ", b, " = ", a * b));
  return {a * b, str(a, " * ", b)};
}

class ArithmeticChain final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    std::vector<std::string> products, sums;
    const Term first = draw_term(random, difficulty, products);
    std::string expression = first.text;
    int64_t value = first.value;
    for (int i = 0; i < difficulty; ++i) {
      const Term term = draw_term(random, difficulty, products);
      const bool plus = random.below(2) == 0;
      const int64_t next = plus ? value + term.value : value - term.value;
      sums.push_back(str(value, plus ? " + " : " - ", term.value, " = ", next));
      expression += (plus ? " + " : " - ") + term.text;
      value = next;
    }
    products.insert(products.end(), sums.begin(), sums.end());
    return {"What is " + expression + "? Answer with one integer.", join(products, "; "), std::to_string(value), ""};
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override { return canonical_integer(answer); }
};

}  // namespace

const Task& arithmetic_chain() {
  static const ArithmeticChain task("arithmetic_chain");
  return task;
}

}  // namespace hone::rewards
