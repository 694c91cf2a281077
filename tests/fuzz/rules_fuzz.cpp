// The rule checkers on any bytes: a result within bounds, whatever a model writes.
#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "rewards/checker.h"
#include "rl/verdict.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

const json& instructions() {
  static const json gold = {
      {"instruction_id_list",
       {"keywords:existence", "keywords:forbidden_words", "length_constraints:number_words",
        "length_constraints:number_paragraphs", "length_constraints:nth_paragraph_first_word",
        "detectable_content:number_placeholders", "detectable_content:postscript",
        "detectable_format:number_bullet_lists", "detectable_format:number_highlighted_sections",
        "detectable_format:multiple_sections", "detectable_format:json_format", "detectable_format:title",
        "combination:two_responses", "combination:repeat_prompt", "startend:end_checker", "startend:quotation",
        "change_case:capital_word_frequency", "change_case:english_capital", "punctuation:no_comma"}},
      {"kwargs",
       {{{"keywords", {"a", "b c"}}},
        {{"forbidden_words", {"a", "\xC3\xA9"}}},
        {{"num_words", 3}, {"relation", "at least"}},
        {{"num_paragraphs", 2}},
        {{"num_paragraphs", 2}, {"nth_paragraph", 1}, {"first_word", "a"}},
        {{"num_placeholders", 1}},
        {{"postscript_marker", "P.P.S"}},
        {{"num_bullets", 1}},
        {{"num_highlights", 1}},
        {{"section_spliter", "S"}, {"num_sections", 1}},
        nullptr, nullptr, nullptr,
        {{"prompt_to_repeat", "a"}},
        {{"end_phrase", "a"}},
        nullptr,
        {{"capital_frequency", 1}, {"capital_relation", "at least"}},
        nullptr, nullptr}}};
  return gold;
}

struct Subject {
  std::unique_ptr<Checker> checker;
  const json* gold;
};

std::vector<Subject> subjects() {
  static const json text = "a";
  const CheckerContext context = {.count_tokens = [](std::string_view s) { return static_cast<int64_t>(s.size()); }};
  const auto make = [&](const char* name, const json& options) { return make_checker(name, options, context).value(); };
  std::vector<Subject> all;
  for (const char* part : {"reasoning", "answer", "all"})
    for (const char* unit : {"letters", "words"})
      all.push_back({make("language", {{"language", "ja"}, {"part", part}, {"unit", unit}}), &text});
  all.push_back({make("language", json::object()), &text});
  all.push_back({make("repetition", {{"ngram", 2}}), &text});
  all.push_back({make("tag_count", json::object()), &text});
  all.push_back({make("length", {{"max_tokens", 64}, {"cache_tokens", 16}}), &text});
  all.push_back({make("length", {{"shape", "cosine"}, {"max_tokens", 64}}), &text});
  all.push_back({make("instruction", {{"reading", "loose"}, {"part", "all"}}), &instructions()});
  return all;
}

}  // namespace
}  // namespace hone::rewards

// The first byte says how much of the rest is the prompt.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone;
  static const std::vector<rewards::Subject> all = rewards::subjects();
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view prompt = text.substr(0, data[0]);
  const std::string_view completion = text.substr(prompt.size());
  for (const rewards::Subject& subject : all) {
    const auto result = subject.checker->check({.prompt = prompt, .completion = completion, .gold = subject.gold});
    if (rl::has_score(result.verdict) && !(std::abs(result.score) <= 1)) std::abort();
    if (result.verdict == rl::Verdict::kInfra || result.reason.size() > 4096) std::abort();
  }
  return 0;
}
