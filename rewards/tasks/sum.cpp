#include "rewards/tasks/sum.h"

#include <array>

namespace hone::rewards {
namespace {

std::string two_digits(int n) { return {static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)}; }

// The sign that was drawn, unless it would leave 0 to 99.
bool add(bool drawn, int sum, int number) {
  if (sum - number < 0) return true;
  if (sum + number > 99) return false;
  return drawn;
}

}  // namespace

Question Sum::question(PhiloxStream& random, int) const {
  std::array<int, 6> numbers;
  for (int& number : numbers) number = static_cast<int>(random.below(16));
  int sum = numbers[0];
  Question question{two_digits(sum), two_digits(sum) + ";", "", ""};
  for (size_t i = 1; i < numbers.size(); ++i) {
    const bool plus = add(random.below(2) == 0, sum, numbers[i]);
    sum += plus ? numbers[i] : -numbers[i];
    question.prompt += (plus ? "+" : "-") + two_digits(numbers[i]);
    question.chain += two_digits(sum) + ";";
  }
  question.prompt += "=";
  question.answer = two_digits(sum);
  return question;
}

}  // namespace hone::rewards
