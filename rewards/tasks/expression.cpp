#include "rewards/tasks/expression.h"

#include "base/json.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

constexpr int kTerms = 8;
constexpr int kModulus = 10;
constexpr int kCalls = 3;
constexpr uint64_t kMaxArgument = 1000;

char digit(int value) { return static_cast<char>('0' + value); }

json hidden_tests(int constant, PhiloxStream& random) {
  json tests = json::array();
  for (int i = 0; i < kCalls; ++i) {
    const auto x = static_cast<int>(random.below(kMaxArgument));
    tests.push_back({{"input", json::array({x})}, {"output", (x + constant) % kModulus}});
  }
  return tests;
}

}  // namespace

Question Expression::question(PhiloxStream& random, int) const {
  Question question{"x", "", "", ""};
  int constant = 0;
  for (int i = 0; i < kTerms; ++i) {
    const auto term = static_cast<int>(random.below(kModulus));
    const bool plus = random.below(2) == 0;
    constant = (constant + (plus ? term : kModulus - term)) % kModulus;
    question.prompt += {plus ? '+' : '-', digit(term)};
    question.chain += {'+', digit(constant)};
  }
  question.prompt += '=';
  question.answer = {'x', '+', digit(constant)};
  question.gold = json{{"language", "python"},
                       {"prefix", "def f(x):\n    return ("},
                       {"suffix", ") % 10\n"},
                       {"function", {{"name", "f"}}},
                       {"tests", hidden_tests(constant, random)}}
                      .dump();
  return question;
}

}  // namespace hone::rewards
