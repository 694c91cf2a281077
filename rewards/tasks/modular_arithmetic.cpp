#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

Question remainder_question(const std::string& expression, int64_t modulus, std::vector<std::string> steps,
                            int64_t remainder) {
  return {str("What is the remainder of ", expression, " divided by ", modulus, "? Answer with one integer."),
          join(steps, "; "), std::to_string(remainder), ""};
}

Question sum_question(PhiloxStream& random, int64_t largest, int64_t modulus) {
  const int64_t a = draw_between(random, 1, largest), b = draw_between(random, 1, largest), sum = a + b;
  return remainder_question(str(a, " + ", b), modulus,
                            {str(a, " + ", b, " = ", sum), str(sum, " mod ", modulus, " = ", sum % modulus)},
                            sum % modulus);
}

Question product_question(PhiloxStream& random, int64_t largest, int64_t modulus) {
  const int64_t a = draw_between(random, 2, largest), b = draw_between(random, 2, largest);
  const int64_t c = draw_between(random, 1, largest);
  const int64_t x = a % modulus, y = b % modulus, product = x * y % modulus, result = (product + c) % modulus;
  return remainder_question(
      str(a, " * ", b, " + ", c), modulus,
      {str(a, " mod ", modulus, " = ", x), str(b, " mod ", modulus, " = ", y),
       str(x, " * ", y, " mod ", modulus, " = ", product),
       str("(", product, " + ", c, ") mod ", modulus, " = ", result)},
      result);
}

// The chain reads the exponent's bits from the first to the last: square, and multiply where the bit is 1.
Question power_question(PhiloxStream& random, int64_t largest, int64_t modulus) {
  const int64_t base = draw_between(random, 2, 99), exponent = draw_between(random, 3, largest);
  std::vector<std::string> steps;
  int64_t value = base % modulus, done = 1;
  int bit = 62;
  while ((exponent >> bit) == 0) --bit;
  for (--bit; bit >= 0; --bit) {
    value = value * value % modulus;
    steps.push_back(str(base, "^", done *= 2, " = ", value));
    if ((exponent >> bit & 1) == 0) continue;
    value = value * (base % modulus) % modulus;
    steps.push_back(str(base, "^", ++done, " = ", value));
  }
  return remainder_question(str(base, "^", exponent), modulus, std::move(steps), value);
}

class ModularArithmetic final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    constexpr int64_t kLargest[] = {50, 200, 1000, 20, 50, 200, 10, 30, 100, 1000};
    constexpr int64_t kModulus[] = {10, 20, 50, 20, 50, 100, 20, 50, 100, 1000};
    const int64_t largest = kLargest[difficulty - 1], modulus = draw_between(random, 3, kModulus[difficulty - 1]);
    if (difficulty <= 3) return sum_question(random, largest, modulus);
    if (difficulty <= 6) return product_question(random, largest, modulus);
    return power_question(random, largest, modulus);
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override { return canonical_integer(answer); }
};

}  // namespace

const Task& modular_arithmetic() {
  static const ModularArithmetic task("modular_arithmetic");
  return task;
}

}  // namespace hone::rewards
