#include "rewards/checker.h"

#include <array>

#include "rewards/answer.h"
#include "rewards/format.h"
#include "rewards/names.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

constexpr const char* kCorrectAt = "correct_at";

struct Entry {
  std::string_view name;
  Result<std::unique_ptr<Checker>> (*make)(const json& options, const TokenCounter& count_tokens);
};

// A table, not registration by static objects: the linker drops those of a static library that nothing else refers to.
constexpr std::array kCheckers = {Entry{"answer", AnswerChecker::make}, Entry{"format", FormatChecker::make}};

constexpr auto kNames = [] {
  std::array<std::string_view, kCheckers.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kCheckers[i].name;
  return names;
}();

// Judges the score of a checker that only measures.
class CorrectAt final : public Checker {
 public:
  CorrectAt(std::unique_ptr<Checker> checker, double least) : checker_(std::move(checker)), least_(least) {}
  Result<void> check_gold(const json& gold) const override { return checker_->check_gold(gold); }
  CheckResult check(const CheckInput& input) const override {
    CheckResult result = checker_->check(input);
    if (result.verdict != rl::Verdict::kScored) return result;
    result.verdict = result.score >= least_ ? rl::Verdict::kCorrect : rl::Verdict::kWrong;
    return result;
  }

 private:
  const std::unique_ptr<Checker> checker_;
  const double least_;
};

Result<std::unique_ptr<Checker>> make_by_name(std::string_view name, const json& options, const TokenCounter& counter) {
  for (const Entry& entry : kCheckers)
    if (entry.name == name) return entry.make(options, counter);
  return unknown_name("checker", name, {kNames.begin(), kNames.end()});
}

}  // namespace

std::span<const std::string_view> checker_names() { return kNames; }

Result<std::unique_ptr<Checker>> make_checker(std::string_view name, const json& options,
                                              const TokenCounter& count_tokens) {
  if (!options.is_object() && !options.is_null()) return Error{.message = "the options of a checker must be an object"};
  json own = options.is_null() ? json::object() : options;
  const json least = own.contains(kCorrectAt) ? own[kCorrectAt] : json();
  own.erase(kCorrectAt);
  HONE_TRY_ASSIGN(auto checker, make_by_name(name, own, count_tokens));
  if (least.is_null()) return checker;
  if (!least.is_number()) return Error{.message = str("must be a number, not ", least.dump()), .field = kCorrectAt};
  return std::unique_ptr<Checker>(std::make_unique<CorrectAt>(std::move(checker), least.get<double>()));
}

}  // namespace hone::rewards
