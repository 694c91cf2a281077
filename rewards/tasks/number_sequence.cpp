#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

constexpr size_t kShown = 6;

// Numbers and how the last of them follows.
struct Sequence {
  std::vector<int64_t> numbers;
  std::string rule;
};

Sequence growing(int64_t first, int64_t step, int64_t growth, size_t count) {
  Sequence sequence{{first}, ""};
  for (; sequence.numbers.size() < count; step += growth) sequence.numbers.push_back(sequence.numbers.back() + step);
  const int64_t last = step - growth;
  sequence.rule = growth == 0 ? str("every step is ", step)
                              : str("the steps grow by ", growth, " and the next is ", last);
  return sequence;
}

Sequence geometric(int64_t first, int64_t factor, size_t count) {
  Sequence sequence{{first}, str("every number is ", factor, " times the one before")};
  while (sequence.numbers.size() < count) sequence.numbers.push_back(sequence.numbers.back() * factor);
  return sequence;
}

Sequence adding(int64_t first, int64_t second, size_t count) {
  Sequence sequence{{first, second}, "every number is the sum of the two before"};
  while (sequence.numbers.size() < count)
    sequence.numbers.push_back(sequence.numbers.back() + sequence.numbers[sequence.numbers.size() - 2]);
  return sequence;
}

Sequence draw_sequence(PhiloxStream& random, int difficulty, size_t count) {
  const int64_t most = 10 * difficulty;
  const auto kinds = static_cast<uint32_t>(difficulty < 3 ? 2 : difficulty < 5 ? 3 : 4);
  const int64_t first = draw_between(random, -most, 3 * most), step = draw_between(random, 1, 2 * most);
  switch (random.below(kinds)) {
    case 0: return growing(first, step * (random.below(2) == 0 ? 1 : -1), 0, count);
    case 1: return growing(first, step, draw_between(random, 1, most), count);
    case 2: return geometric(draw_between(random, 1, most), draw_between(random, 2, 2 + difficulty / 2), count);
    default: return adding(draw_between(random, 1, most), step, count);
  }
}

// The numbers of two sequences in turn, one more of the first.
Sequence in_turn(const Sequence& a, const Sequence& b) {
  Sequence mixed{{}, "of every second number " + a.rule};
  for (size_t i = 0; i < b.numbers.size(); ++i) {
    mixed.numbers.push_back(a.numbers[i]);
    mixed.numbers.push_back(b.numbers[i]);
  }
  mixed.numbers.push_back(a.numbers.back());
  return mixed;
}

class NumberSequence final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    Sequence sequence = draw_sequence(random, difficulty, difficulty < 7 ? kShown + 1 : kShown);
    if (difficulty >= 7) sequence = in_turn(sequence, draw_sequence(random, difficulty, kShown - 1));
    const int64_t next = sequence.numbers.back();
    sequence.numbers.pop_back();
    return {"What is the next number of the sequence " + join(sequence.numbers, ", ") + "? Answer with one integer.",
            sequence.rule + "; next comes " + std::to_string(next), std::to_string(next), ""};
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override { return canonical_integer(answer); }
};

}  // namespace

const Task& number_sequence() {
  static const NumberSequence task("number_sequence");
  return task;
}

}  // namespace hone::rewards
