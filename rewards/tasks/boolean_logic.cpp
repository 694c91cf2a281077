#include <algorithm>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

const char* name_of(bool value) { return value ? "true" : "false"; }

struct Part {
  std::string text;
  bool value;
};

// Joins two parts by a random operator and writes down the step.
Part combine(PhiloxStream& random, const Part& a, const Part& b, std::vector<std::string>& steps) {
  constexpr const char* kNames[] = {"and", "or", "xor"};
  const uint32_t which = random.below(3);
  const bool value = which == 0 ? a.value && b.value : which == 1 ? a.value || b.value : a.value != b.value;
  steps.push_back(str(name_of(a.value), " ", kNames[which], " ", name_of(b.value), " = ", name_of(value)));
  return {str("(", a.text, " ", kNames[which], " ", b.text, ")"), value};
}

class BooleanLogic final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    std::vector<std::string> given, steps;
    std::vector<Part> parts;
    for (int i = 0; i < difficulty + 2; ++i) {
      const std::string letter(1, static_cast<char>('A' + i));
      const bool value = random.below(2) == 0, negated = random.below(3) == 0;
      given.push_back(letter + " = " + name_of(value));
      if (negated) steps.push_back(str("not ", letter, " = ", name_of(!value)));
      parts.push_back({negated ? "not " + letter : letter, negated ? !value : value});
    }
    shuffle(random, parts);
    while (parts.size() > 1) {
      const size_t at = random.below(static_cast<uint32_t>(parts.size() - 1));
      parts[at] = combine(random, parts[at], parts[at + 1], steps);
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    const std::string expression = parts[0].text.substr(1, parts[0].text.size() - 2);
    return {str("Let ", join(given, ", "), ". Is ", expression, " true or false? Answer with one word."),
            join(steps, "; "), name_of(parts[0].value), ""};
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override {
    std::string word = lower_case(answer);
    if (word != "true" && word != "false") return std::nullopt;
    return word;
  }
};

}  // namespace

const Task& boolean_logic() {
  static const BooleanLogic task("boolean_logic");
  return task;
}

}  // namespace hone::rewards
