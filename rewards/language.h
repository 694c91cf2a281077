// Checker "language": how much of a text is written in the wanted script, the language consistency of R1
// (arXiv 2501.12948, section 2.3.2) for languages that scripts tell apart; English and German are the same to it.
#pragma once

#include <array>

#include "rewards/checker.h"
#include "rewards/prose.h"
#include "rewards/registry.h"
#include "rewards/script.h"

namespace hone::rewards {

enum class LanguageFrom { kPrompt, kGold, kExtraInfo };
std::span<const char* const> enum_names(LanguageFrom);

enum class LanguageUnit { kLetters, kWords };
std::span<const char* const> enum_names(LanguageUnit);

// Letters or words, by script. A word is a run of letters of one piece of text, and in a script without spaces every
// letter; it belongs to the script of its letters, to Script::kOther when they have several.
using ScriptCounts = std::array<int64_t, kNumScripts>;
void count_scripts(std::string_view text, LanguageUnit unit, ScriptCounts& counts);

// The score is the share of letters (or words) in the wanted script among those of the part, outside maths, code, tags
// and LaTeX commands. Invalid UTF-8 counts as nothing. Verdict no_answer where the completion has no such part.
class LanguageChecker final : public Checker {
 public:
  struct Options {
    std::string language;  // empty: see `from`
    // prompt: the script most letters of the prompt are written in, not_applicable where it has none. gold: a text, or
    // {"language": text}. extra_info: {"language": text}.
    LanguageFrom from = LanguageFrom::kPrompt;
    TextPart part = TextPart::kReasoning;
    LanguageUnit unit = LanguageUnit::kLetters;
    double empty_score = 1;  // of a part without letters
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
  Result<void> check_gold(const nlohmann::json& gold) const override;
  CheckResult check(const CheckInput& input) const override;

 private:
  LanguageChecker(const Options& options, std::optional<ScriptSet> scripts) : options_(options), scripts_(scripts) {}
  Result<ScriptSet> wanted(const CheckInput& input) const;

  const Options options_;
  const std::optional<ScriptSet> scripts_;  // of options_.language
};

}  // namespace hone::rewards
