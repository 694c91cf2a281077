#include "rewards/registry.h"

#include "base/schema_json.h"
#include "rewards/names.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

constexpr const char* kCorrectAt = "correct_at";

// Made on first use: registrations run before main in no known order.
std::map<std::string, CheckerEntry>& table() {
  static std::map<std::string, CheckerEntry> checkers;
  return checkers;
}

// Judges the score of a checker that only measures.
class CorrectAt final : public Checker {
 public:
  CorrectAt(std::unique_ptr<Checker> checker, double least) : checker_(std::move(checker)), least_(least) {}
  Result<void> check_gold(const json& gold) const override { return checker_->check_gold(gold); }
  CheckResult check(const CheckInput& input) const override { return judged(checker_->check(input)); }
  bool wants_group() const override { return checker_->wants_group(); }
  std::vector<CheckResult> check_group(std::span<const CheckInput> group) const override {
    std::vector<CheckResult> results = checker_->check_group(group);
    for (CheckResult& result : results) result = judged(std::move(result));
    return results;
  }

 private:
  CheckResult judged(CheckResult result) const {
    if (result.verdict == rl::Verdict::kScored)
      result.verdict = result.score >= least_ ? rl::Verdict::kCorrect : rl::Verdict::kWrong;
    return result;
  }

  const std::unique_ptr<Checker> checker_;
  const double least_;
};

}  // namespace

const std::map<std::string, CheckerEntry>& checkers() { return table(); }

std::vector<std::string> checker_names() {
  std::vector<std::string> names;
  for (const auto& [name, entry] : table()) names.push_back(name);
  return names;
}

const CheckerEntry* find_checker(const std::string& name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

bool register_checker(const std::string& name, CheckerEntry entry) {
  const bool fresh = table().emplace(name, std::move(entry)).second;
  HONE_CHECK(fresh, "two checkers are named ", name);
  return fresh;
}

std::vector<CheckResult> Checker::check_group(std::span<const CheckInput> group) const {
  std::vector<CheckResult> results;
  for (const CheckInput& input : group) results.push_back(check(input));
  return results;
}

Result<std::unique_ptr<Checker>> make_checker(std::string_view name, const json& options,
                                              const CheckerContext& context) {
  const CheckerEntry* entry = find_checker(std::string(name));
  if (entry == nullptr) return unknown_name("checker", name, checker_names());
  if (!options.is_object() && !options.is_null()) return Error{.message = "the options of a checker must be an object"};
  json own = options.is_null() ? json::object() : options;
  const json least = own.contains(kCorrectAt) ? own[kCorrectAt] : json();
  own.erase(kCorrectAt);
  if (!least.is_null() && !least.is_number())
    return Error{.message = str("must be a number, not ", least.dump()), .field = kCorrectAt};
  AnyOptions bound = entry->defaults;
  HONE_TRY(bind_json([&] { return bound.fields(); }, own));
  if (entry->needs_sandbox && context.sandbox == nullptr)
    return Error{.message = str("the checker ", name, " runs programs, and no sandbox was started")};
  HONE_TRY_ASSIGN(auto checker, entry->make(*bound, context));
  if (least.is_null()) return checker;
  return std::unique_ptr<Checker>(std::make_unique<CorrectAt>(std::move(checker), least.get<double>()));
}

}  // namespace hone::rewards
