// The worked answers of the families whose prompts are words, against what a reader makes of the words.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"
#include "tests/rewards/tasks/family_questions.h"

namespace hone::rewards {
namespace {

constexpr uint64_t kKey = 13;  // of the stream of questions

// Replaces every `from`; whether there was one.
bool rewrite(std::string& text, const std::string& from, const std::string& to) {
  bool found = false;
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; found = true) text.replace(at, from.size(), to);
  return found;
}

TEST(FamilyTexts, BooleanLogicReducesToTheAnswer) {
  for_each_question(boolean_logic(), kKey, [](const std::string& prompt, const std::string& answer) {
    std::string expression = "(" + between(prompt, "Is ", " true or") + ")";
    for (char& c : expression)
      if (c >= 'A' && c <= 'L') c = between(prompt, std::string(1, c) + " = ", "e") == "tru" ? '1' : '0';
    bool changed = true;
    while (changed) {
      changed = rewrite(expression, "not 1", "0") || rewrite(expression, "not 0", "1");
      for (const char a : {'0', '1'})
        for (const char b : {'0', '1'}) {
          const auto reduce = [&](const char* name, bool value) {
            return rewrite(expression, str("(", a, " ", name, " ", b, ")"), value ? "1" : "0");
          };
          const bool x = a == '1', y = b == '1';
          changed = reduce("and", x && y) | reduce("or", x || y) | reduce("xor", x != y) | changed;
        }
    }
    EXPECT_EQ(expression, answer == "true" ? "1" : "0");
  });
}

// Whether the statement is true when `knights` are the knights.
bool holds(const std::string& statement, const std::map<std::string, bool>& knights) {
  const std::string first = statement.substr(0, statement.find(' '));
  if (first == "exactly") {
    const auto count = std::count_if(knights.begin(), knights.end(), [](const auto& person) { return person.second; });
    return std::stoll(statement.substr(8)) == count;
  }
  if (statement.ends_with("is a knight")) return knights.at(first);
  if (statement.ends_with("is a knave")) return !knights.at(first);
  const bool same = knights.at(first) == knights.at(between(statement, " and ", " are"));
  return same == statement.ends_with("the same kind");
}

TEST(FamilyTexts, KnightsAndKnavesHaveTheAnswerAsTheirOnlySolution) {
  for_each_question(knights_knaves(), kKey, [](const std::string& prompt, const std::string& answer) {
    std::vector<std::pair<std::string, std::string>> said;
    for (size_t at = prompt.find(". ") + 2; prompt.find(" says: ", at) != prompt.npos;) {
      const size_t colon = prompt.find(" says: ", at), end = prompt.find('.', colon);
      said.emplace_back(prompt.substr(at, colon - at), prompt.substr(colon + 7, end - colon - 7));
      at = end + 2;
    }
    std::vector<std::string> solutions;
    for (unsigned bits = 0; bits < 1u << said.size(); ++bits) {
      std::map<std::string, bool> knights;
      for (size_t i = 0; i < said.size(); ++i) knights[said[i].first] = (bits >> i & 1) != 0;
      std::vector<std::string> people;
      bool fits = true;
      for (const auto& [name, statement] : said) {
        fits = fits && holds(statement, knights) == knights.at(name);
        people.push_back(name + (knights.at(name) ? ": knight" : ": knave"));
      }
      if (fits) solutions.push_back(join(people, ", "));
    }
    EXPECT_EQ(solutions, std::vector<std::string>{answer});
  });
}

// The word after one edit, as its order says.
std::string edited(std::string word, const std::string& order) {
  if (order == "Reverse it") return {word.rbegin(), word.rend()};
  if (order.starts_with("Sort")) return std::sort(word.begin(), word.end()), word;
  if (order.starts_with("Replace every")) {
    std::replace(word.begin(), word.end(), order[14], order[19]);
  } else if (order.starts_with("Write every")) {
    const std::string letter(1, order[12]);
    for (size_t at = 0; (at = word.find(letter, at)) != word.npos; at += 2) word.insert(at, letter);
  } else if (order.starts_with("Remove")) {
    word.erase(std::stoul(order.substr(order.rfind(' '))) - 1, 1);
  } else {
    const bool first = order.find("first") != order.npos;
    const auto places = static_cast<std::ptrdiff_t>(std::stoul(order.substr(order.find_first_of("0123456789"))));
    std::rotate(word.begin(), first ? word.begin() + places : word.end() - places, word.end());
  }
  return word;
}

TEST(FamilyTexts, StringEditsAreDoneInTheirOrder) {
  for_each_question(string_edits(), kKey, [](const std::string& prompt, const std::string& answer) {
    std::string word = between(prompt, "Take the word ", ".");
    size_t at = prompt.find(". ") + 2;
    for (size_t end = prompt.find('.', at); !prompt.substr(at).starts_with("Answer") &&
                                            !prompt.substr(at).starts_with("How"); end = prompt.find('.', at)) {
      word = edited(word, prompt.substr(at, end - at));
      at = end + 2;
    }
    if (prompt[at] == 'A') {
      EXPECT_EQ(word, answer);
    } else {
      const char letter = between(prompt, "the letter ", " ")[0];
      EXPECT_EQ(std::to_string(std::count(word.begin(), word.end(), letter)), answer);
    }
  });
}

}  // namespace
}  // namespace hone::rewards
