#include "rewards/tasks/running_sum.h"

namespace hone::rewards {

Question RunningSum::question(PhiloxStream& random, int) const {
  constexpr int kDigits = 8;
  Question question;
  char sum = '0';
  for (int i = 0; i < kDigits; ++i) {
    const auto digit = static_cast<int>(random.below(10));
    sum = static_cast<char>('0' + (sum - '0' + digit) % 10);
    question.prompt += static_cast<char>('0' + digit);
    question.chain += sum;
  }
  question.prompt += '=';
  question.answer = sum;
  return question;
}

}  // namespace hone::rewards
