#include <algorithm>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

constexpr const char* kWords[] = {
    "acorn", "amber", "anchor", "apple", "arrow", "basket", "beacon", "birch", "bottle", "breeze", "bridge", "button",
    "candle", "canyon", "carpet", "castle", "cedar", "cherry", "circle", "cloud", "copper", "cotton", "crane",
    "desert", "dragon", "eagle", "ember", "engine", "falcon", "feather", "fiddle", "flint", "forest", "garden",
    "ginger", "glacier", "hammer", "harbor", "hazel", "island", "ivory", "jacket", "kettle", "ladder", "lantern",
    "lemon", "marble", "meadow", "mirror", "needle", "ocean", "orchid", "pebble", "pepper", "pillow", "quartz",
    "ribbon", "river", "saddle", "silver", "spider", "tunnel", "violet", "walnut"};

// The list after each insertion into the sorted part.
template <class T, class Less>
std::string insertions(const std::vector<T>& items, const Less& less) {
  std::vector<T> sorted;
  std::vector<std::string> steps;
  for (const T& item : items) {
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), item, less), item);
    steps.push_back(join(sorted, ", "));
  }
  return join(steps, "; ");
}

template <class T>
Question sorting_question(std::vector<T> items, bool rising, const std::string& order, const std::string& what) {
  const auto less = [&](const T& a, const T& b) { return rising ? a < b : b < a; };
  Question question;
  question.prompt = "Sort " + join(items, ", ") + " " + order + ". Answer with the " + what +
                    ", with a comma and a space between.";
  question.chain = insertions(items, less);
  std::sort(items.begin(), items.end(), less);
  question.answer = join(items, ", ");
  return question;
}

class Sorting final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    const auto count = static_cast<size_t>(difficulty + 2);
    const bool rising = random.below(2) == 0;
    if (random.below(2) == 0) {
      std::vector<int64_t> numbers(count);
      for (int64_t& number : numbers) number = draw_between(random, -10 * difficulty, 100 * difficulty);
      return sorting_question(numbers, rising, rising ? "from small to large" : "from large to small", "numbers");
    }
    std::vector<std::string> words(std::begin(kWords), std::end(kWords));
    shuffle(random, words);
    words.resize(count);
    return sorting_question(words, rising, rising ? "alphabetically" : "in reverse alphabetical order", "words");
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override {
    constexpr size_t kMost = 64;
    const auto parts = read_list(answer, ',', kMost);
    if (!parts) return std::nullopt;
    std::vector<std::string> items;
    for (std::string_view part : *parts) items.push_back(canonical_integer(part).value_or(lower_case(part)));
    return join(items, ", ");
  }
};

}  // namespace

const Task& sorting() {
  static const Sorting task("sorting");
  return task;
}

}  // namespace hone::rewards
