#include "rewards/tasks/families.h"
#include "rewards/tasks/family.h"

namespace hone::rewards {
namespace {

constexpr const char* kNames[] = {"Ada",  "Ben",  "Cleo", "Dan",  "Eva",  "Finn", "Gail", "Hugo", "Iris", "Jack",
                                  "Kate", "Liam", "Mona", "Noah", "Olga", "Paul", "Rosa", "Sam",  "Tina", "Vera"};

// People by bits: a set bit is a knight.
using People = uint32_t;
bool is_knight(People people, size_t who) { return (people >> who & 1) != 0; }

struct Statement {
  enum Kind { kIsKnight, kIsKnave, kSame, kDifferent, kCount } kind = kIsKnight;
  size_t a = 0, b = 0;  // whom it is about; for kCount, a is the number of knights

  bool holds(People people) const {
    switch (kind) {
      case kIsKnight: return is_knight(people, a);
      case kIsKnave: return !is_knight(people, a);
      case kSame: return is_knight(people, a) == is_knight(people, b);
      case kDifferent: return is_knight(people, a) != is_knight(people, b);
      case kCount: return static_cast<size_t>(__builtin_popcount(people)) == a;
    }
    return false;
  }

  std::string text(const std::vector<std::string>& names) const {
    switch (kind) {
      case kIsKnight: return names[a] + " is a knight";
      case kIsKnave: return names[a] + " is a knave";
      case kSame: return names[a] + " and " + names[b] + " are of the same kind";
      case kDifferent: return names[a] + " and " + names[b] + " are of different kinds";
      case kCount: return str("exactly ", a, a == 1 ? " of us is a knight" : " of us are knights");
    }
    return "";
  }
};

Statement draw_statement(PhiloxStream& random, size_t speaker, size_t count) {
  const auto other = [&](size_t than) {
    const size_t drawn = random.below(static_cast<uint32_t>(count - 1));
    return drawn + (drawn >= than);
  };
  Statement statement{static_cast<Statement::Kind>(random.below(5)), other(speaker), 0};
  if (statement.kind == Statement::kCount) statement.a = random.below(static_cast<uint32_t>(count + 1));
  else statement.b = other(statement.a);
  return statement;
}

// Whether everyone speaks as they are: statements of knights hold, those of knaves do not.
bool fits(const std::vector<Statement>& statements, People people) {
  for (size_t i = 0; i < statements.size(); ++i)
    if (statements[i].holds(people) != is_knight(people, i)) return false;
  return true;
}

// The only people that fit; nullopt where there are none or several.
std::optional<People> solve(const std::vector<Statement>& statements) {
  std::optional<People> found;
  for (People people = 0; people < (People{1} << statements.size()); ++people) {
    if (!fits(statements, people)) continue;
    if (found) return std::nullopt;
    found = people;
  }
  return found;
}

class KnightsKnaves final : public Family {
 public:
  using Family::Family;

  Question question(PhiloxStream& random, int difficulty) const override {
    const auto count = static_cast<size_t>(2 + (difficulty - 1) / 2);
    std::vector<std::string> names(std::begin(kNames), std::end(kNames));
    shuffle(random, names);
    names.resize(count);
    std::vector<Statement> statements(count);
    std::optional<People> people;
    while (!people) {
      for (size_t i = 0; i < count; ++i) statements[i] = draw_statement(random, i, count);
      people = solve(statements);
    }
    std::vector<std::string> says, steps, kinds;
    for (size_t i = 0; i < count; ++i) {
      const char* const kind = is_knight(*people, i) ? "knight" : "knave";
      const std::string statement = statements[i].text(names);
      says.push_back(names[i] + " says: " + statement + ".");
      steps.push_back(str(names[i], " is a ", kind, " and it is ", is_knight(*people, i) ? "true" : "false", " that ",
                          statement));
      kinds.push_back(names[i] + ": " + kind);
    }
    return {"Knights always tell the truth, knaves always lie. " + join(says, " ") +
                " Who is what? Answer in the form Name: knight, Name: knave.",
            join(steps, "; "), join(kinds, ", "), ""};
  }

 protected:
  std::optional<std::string> canonical(std::string_view answer) const override { return canonical_pairs(answer, ':'); }
};

}  // namespace

const Task& knights_knaves() {
  static const KnightsKnaves task("knights_knaves");
  return task;
}

}  // namespace hone::rewards
