// A checker of your own, complete: one class in one file. Put such a file into rewards/ and build hone, or build a
// plug-in of it elsewhere (rewards/outside/plugin.h). A run file then says: rewards: [{checker: last_line}]
#include <algorithm>

#include "rewards/registry.h"

namespace hone::rewards {

class LastLineChecker final : public Checker {
 public:
  struct Options {  // the checker's own keys in the run file
    bool ignore_case = false;
    Fields fields() { return {field("ignore_case", ignore_case, {.help = "A and a are the same letter."})}; }
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext&) {
    return std::unique_ptr<Checker>(std::make_unique<LastLineChecker>(options));
  }
  explicit LastLineChecker(const Options& options) : options_(options) {}

  Result<void> check_gold(const nlohmann::json& gold) const override {  // asked of every problem before training
    return gold.is_string() ? Result<void>() : Error{.message = "the gold must be a text, not " + gold.dump()};
  }
  CheckResult check(const CheckInput& input) const override {  // called from many threads, with any bytes
    if (input.gold == nullptr || !input.gold->is_string()) return {.verdict = rl::Verdict::kGoldError};
    const std::string line(input.completion.substr(input.completion.rfind('\n') + 1));
    if (line.empty()) return {.verdict = rl::Verdict::kNoAnswer, .reason = "the last line is empty"};
    const auto fold = [&](unsigned char c) { return options_.ignore_case ? ::tolower(c) : c; };
    const bool right = std::ranges::equal(line, input.gold->get_ref<const std::string&>(), {}, fold, fold);
    return {.verdict = right ? rl::Verdict::kCorrect : rl::Verdict::kWrong, .score = right * 1.0, .extracted = line};
  }

 private:
  const Options options_;
};

HONE_CHECKER("last_line", LastLineChecker, "the last line of the completion is the gold");

}  // namespace hone::rewards
