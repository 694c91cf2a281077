#include <algorithm>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

struct Edit {
  std::string order;   // "Reverse it."
  std::string result;
};

char draw_letter(PhiloxStream& random) { return static_cast<char>('a' + random.below(26)); }

Edit rotate(PhiloxStream& random, const std::string& word) {
  const auto places = static_cast<size_t>(draw_between(random, 1, 4)) % word.size();
  const bool left = random.below(2) == 0;
  const size_t at = left ? places : word.size() - places;
  return {str("Move its ", left ? "first " : "last ", places, places == 1 ? " letter" : " letters", " to the ",
              left ? "end." : "front."),
          word.substr(at) + word.substr(0, at)};
}

Edit replace(PhiloxStream& random, std::string word) {
  const char from = draw_one(random, word), to = draw_letter(random);
  std::replace(word.begin(), word.end(), from, to);
  return {str("Replace every ", from, " by ", to, "."), word};
}

Edit twice(PhiloxStream& random, const std::string& word) {
  const char letter = draw_one(random, word);
  std::string result;
  for (char c : word) result.append(c == letter ? 2 : 1, c);
  return {str("Write every ", letter, " twice."), result};
}

Edit remove(PhiloxStream& random, const std::string& word) {
  const auto place = static_cast<size_t>(draw_between(random, 1, 4));
  return {str("Remove letter number ", place, "."), word.substr(0, place - 1) + word.substr(place)};
}

Edit sort_letters(std::string word) {
  std::sort(word.begin(), word.end());
  return {"Sort its letters alphabetically.", word};
}

Edit draw_edit(PhiloxStream& random, const std::string& word) {
  switch (random.below(6)) {
    case 0: return {"Reverse it.", {word.rbegin(), word.rend()}};
    case 1: return rotate(random, word);
    case 2: return replace(random, word);
    case 3: return twice(random, word);
    case 4: return word.size() > 4 ? remove(random, word) : rotate(random, word);
    default: return sort_letters(word);
  }
}

class StringEdits final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    std::string word;
    for (int i = 0; i < difficulty + 4; ++i) word += draw_letter(random);
    std::string prompt = "Take the word " + word + ".";
    std::vector<std::string> steps;
    for (int i = 0; i < 1 + (difficulty - 1) / 3; ++i) {
      const Edit edit = draw_edit(random, word);
      prompt += " " + edit.order;
      steps.push_back(edit.result);
      word = edit.result;
    }
    if (random.below(4) != 0)
      return {prompt + " Answer with the resulting word in lower case.", join(steps, "; "), word, ""};
    const char letter = draw_one(random, word);
    const auto count = std::to_string(std::count(word.begin(), word.end(), letter));
    steps.push_back(str(letter, " stands there ", count, count == "1" ? " time" : " times"));
    return {prompt + " How often does the letter " + letter + " stand in the result? Answer with one integer.",
            join(steps, "; "), count, ""};
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override {
    if (auto number = canonical_integer(answer)) return number;
    const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
    if (answer.empty() || !std::all_of(answer.begin(), answer.end(), is_small)) return std::nullopt;
    return std::string(answer);
  }
};

}  // namespace

const Task& string_edits() {
  static const StringEdits task("string_edits");
  return task;
}

}  // namespace hone::rewards
