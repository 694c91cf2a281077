#include "rewards/tasks/two_scripts.h"

#include <array>

namespace hone::rewards {
namespace {

constexpr int kDigits = 8;
constexpr int kModulus = 10;

enum Script { kLatin, kGreek };
constexpr std::array<std::array<const char*, kModulus>, 2> kLetters = {{
    {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"},
    {"α", "β", "γ", "δ", "ε", "ζ", "η", "θ", "ι", "κ"},
}};

Script other(Script script) { return script == kLatin ? kGreek : kLatin; }

// Whether a chain keeps to one script, and to which.
enum class Keeping { kOwn, kOther, kNone };
Keeping draw_keeping(PhiloxStream& random) {
  const double u = random.uniform();
  return u < 0.3 ? Keeping::kOwn : u < 0.5 ? Keeping::kOther : Keeping::kNone;
}

}  // namespace

Question TwoScripts::question(PhiloxStream& random, int) const {
  const Script own = random.below(2) == 0 ? kLatin : kGreek;
  const Keeping keeping = draw_keeping(random);
  Question question;
  int sum = 0;
  for (int i = 0; i < kDigits; ++i) {
    const auto digit = static_cast<int>(random.below(kModulus));
    sum = (sum + digit) % kModulus;
    const bool strays = keeping == Keeping::kOther || (keeping == Keeping::kNone && random.below(2) == 0);
    question.prompt += kLetters[own][static_cast<size_t>(digit)];
    question.chain += kLetters[strays ? other(own) : own][static_cast<size_t>(sum)];
  }
  question.prompt += '=';
  question.answer = kLetters[own][static_cast<size_t>(sum)];
  return question;
}

}  // namespace hone::rewards
