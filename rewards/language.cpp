#include "rewards/language.h"

#include <algorithm>

#include "rewards/names.h"
#include "rewards/utf8_text.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

constexpr const char* kFrom[] = {"prompt", "gold", "extra_info"};
constexpr const char* kUnits[] = {"letters", "words"};

Result<ScriptSet> named(std::string_view language) {
  if (const auto scripts = scripts_of_language(language)) return *scripts;
  return unknown_name("language", language, known_languages());
}

// A text, or an object with one under "language".
Result<ScriptSet> named_by(const json* value, const char* where) {
  if (value != nullptr && value->is_object()) {
    const auto found = value->find("language");
    value = found == value->end() ? nullptr : &*found;
  }
  if (value == nullptr || !value->is_string()) return Error{.message = "names no language", .field = where};
  auto scripts = named(value->get_ref<const std::string&>());
  if (scripts) return scripts;
  Error error = scripts.error();
  error.field = where;
  return error;
}

ScriptCounts counts_of(std::string_view text, LanguageUnit unit) {
  ScriptCounts counts{};
  for (std::string_view piece : prose(text)) count_scripts(piece, unit, counts);
  return counts;
}

int64_t total(const ScriptCounts& counts, ScriptSet scripts) {
  int64_t sum = 0;
  for (size_t i = 1; i < counts.size(); ++i)
    if (contains(scripts, static_cast<Script>(i))) sum += counts[i];
  return sum;
}

// The scripts of the language that most of the letters suggest; 0 where there are no letters. Han and kana are one
// candidate, Japanese as soon as there is kana.
ScriptSet main_scripts(const ScriptCounts& counts) {
  const int64_t kana = counts[static_cast<size_t>(Script::kKana)];
  const ScriptSet japanese = set_of(Script::kHan) | set_of(Script::kKana);
  ScriptSet best = 0;
  int64_t most = 0;
  for (size_t i = 1; i < counts.size(); ++i) {
    const ScriptSet own = set_of(static_cast<Script>(i));
    const ScriptSet candidate = kana > 0 && (own & japanese) != 0 ? japanese : own;
    if (const int64_t count = total(counts, candidate); count > most) most = count, best = candidate;
  }
  return best;
}

}  // namespace

HONE_CHECKER("language", LanguageChecker, "share of letters or words in the script of a language");

std::span<const char* const> enum_names(LanguageFrom) { return kFrom; }
std::span<const char* const> enum_names(LanguageUnit) { return kUnits; }

void count_scripts(std::string_view text, LanguageUnit unit, ScriptCounts& counts) {
  Script word = Script::kNone;  // of the word being read
  const auto end_word = [&] {
    if (word != Script::kNone) ++counts[static_cast<size_t>(word)];
    word = Script::kNone;
  };
  while (!text.empty()) {
    const CodePoint letter = first_code_point(text);
    text.remove_prefix(std::max<size_t>(letter.length, 1));
    const Script script = letter.length == 0 ? Script::kNone : script_of(letter.value);
    if (unit == LanguageUnit::kLetters || is_spaceless(script)) {
      end_word();
      ++counts[static_cast<size_t>(script)];
    } else if (script == Script::kNone) {
      end_word();
    } else {
      word = word == Script::kNone || word == script ? script : Script::kOther;
    }
  }
  end_word();
}

Fields LanguageChecker::Options::fields() {
  const Condition unnamed = {language.empty(), "a checker without a language of its own", "language", language};
  return {field("language", language,
                {.help = "Language (en, zh, ...) or script (latin, greek, ...) that the text must be written in.",
                 .derived = "what `from` names"}),
          field("from", from, {.help = "Where the language is taken from.", .only = unnamed}),
          field("part", part, {.help = "Which part of the completion is measured."}),
          field("unit", unit, {.help = "What is counted."}),
          field("empty_score", empty_score, {.help = "Score of a part without letters.", .range = between(0, 1)})};
}

Result<std::unique_ptr<Checker>> LanguageChecker::make(const Options& options, const CheckerContext&) {
  std::optional<ScriptSet> scripts;
  if (!options.language.empty()) {
    auto found = named(options.language);
    if (!found) return Error{.message = found.error().message, .field = "language"};
    scripts = *found;
  }
  return std::unique_ptr<Checker>(new LanguageChecker(options, scripts));
}

Result<void> LanguageChecker::check_gold(const json& gold) const {
  if (scripts_ || options_.from != LanguageFrom::kGold) return {};
  HONE_TRY(named_by(&gold, "gold"));
  return {};
}

Result<ScriptSet> LanguageChecker::wanted(const CheckInput& input) const {
  if (scripts_) return *scripts_;
  switch (options_.from) {
    case LanguageFrom::kGold: return named_by(input.gold, "gold");
    case LanguageFrom::kExtraInfo: return named_by(input.extra_info, "extra_info.language");
    case LanguageFrom::kPrompt: break;
  }
  return main_scripts(counts_of(input.prompt, LanguageUnit::kLetters));
}

CheckResult LanguageChecker::check(const CheckInput& input) const {
  const auto scripts = wanted(input);
  if (!scripts) return {.verdict = Verdict::kGoldError, .reason = scripts.error().to_string()};
  if (*scripts == 0) return {.verdict = Verdict::kNotApplicable, .reason = "the prompt has no letters"};
  if (input.bare_answer && options_.part == TextPart::kReasoning)
    return {.verdict = Verdict::kNotApplicable, .reason = "a bare answer has no reasoning"};
  const auto part = input.bare_answer ? input.completion : find_part(input.completion, input.prompt, options_.part);
  const char* const name = enum_names(options_.part)[static_cast<size_t>(options_.part)];
  if (!part) return {.verdict = Verdict::kNoAnswer, .reason = str("the completion has no ", name)};
  const ScriptCounts counts = counts_of(*part, options_.unit);
  const int64_t all = total(counts, ~ScriptSet{0}), right = total(counts, *scripts);
  const char* const unit = enum_names(options_.unit)[static_cast<size_t>(options_.unit)];
  if (all == 0) return {.verdict = Verdict::kScored, .score = options_.empty_score, .reason = str("no ", unit)};
  return {.verdict = Verdict::kScored,
          .score = static_cast<double>(right) / static_cast<double>(all),
          .reason = str(right, " of ", all, " ", unit, " in the wanted script")};
}

}  // namespace hone::rewards
