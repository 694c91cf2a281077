#include <algorithm>
#include <numeric>
#include <tuple>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

constexpr int64_t kSizes[] = {100, 200, 500, 1000, 3000, 10000, 30000, 100000, 300000, 1000000};

std::string euclid(int64_t a, int64_t b) {
  std::vector<std::string> steps;
  for (; b != 0; std::tie(a, b) = std::pair(b, a % b))
    steps.push_back(str(a, " = ", a / b, " * ", b, " + ", a % b));
  return join(steps, "; ");
}

Question divisor_question(PhiloxStream& random, int64_t size) {
  const int64_t common = draw_between(random, 1, std::max<int64_t>(size / 20, 2));
  const int64_t a = common * draw_between(random, 1, size / common);
  const int64_t b = common * draw_between(random, 1, size / common);
  return {str("What is the greatest common divisor of ", a, " and ", b, "? Answer with one integer."), euclid(a, b),
          std::to_string(std::gcd(a, b)), ""};
}

Question multiple_question(PhiloxStream& random, int64_t size) {
  const int64_t a = draw_between(random, 2, size), b = draw_between(random, 2, size), common = std::gcd(a, b);
  return {str("What is the least common multiple of ", a, " and ", b, "? Answer with one integer."),
          str(euclid(a, b), "; ", a, " / ", common, " = ", a / common, "; ", a / common, " * ", b, " = ",
              a / common * b),
          std::to_string(a / common * b), ""};
}

Question primes_question(PhiloxStream& random, int64_t size) {
  const int64_t number = draw_between(random, 2, size);
  std::vector<int64_t> primes;
  std::vector<std::string> steps;
  int64_t rest = number;
  for (int64_t p = 2; p * p <= rest; ++p)
    for (; rest % p == 0 && rest > p; rest /= p) {
      primes.push_back(p);
      steps.push_back(str(rest, " = ", p, " * ", rest / p));
    }
  primes.push_back(rest);
  steps.push_back(str(rest, " is prime"));
  return {str("Write ", number, " as a product of primes. Answer with the primes, with * between them."),
          join(steps, "; "), join(primes, " * "), ""};
}

class Factors final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    const int64_t size = kSizes[difficulty - 1];
    switch (random.below(3)) {
      case 0: return divisor_question(random, size);
      case 1: return multiple_question(random, size);
      default: return primes_question(random, size);
    }
  }

 protected:
  // Factors with their powers written out, in rising order. A single number is a list of one.
  std::optional<std::string> canonical(std::string_view answer) const override {
    constexpr size_t kMost = 64;
    const auto parts = read_list(answer, '*', kMost);
    if (!parts) return std::nullopt;
    std::vector<int64_t> factors;
    for (std::string_view part : *parts) {
      const auto power = read_list(part, '^', 2);
      if (!power) return std::nullopt;
      const auto base = read_integer(power->front());
      const auto exponent = power->size() == 2 ? read_integer(power->back()) : std::optional<int64_t>(1);
      if (!base || !exponent || *base < 1 || *exponent < 1 || *exponent > static_cast<int64_t>(kMost))
        return std::nullopt;
      factors.insert(factors.end(), static_cast<size_t>(*exponent), *base);
    }
    std::sort(factors.begin(), factors.end());
    return join(factors, " * ");
  }
};

}  // namespace

const Task& factors() {
  static const Factors task("factors");
  return task;
}

}  // namespace hone::rewards
