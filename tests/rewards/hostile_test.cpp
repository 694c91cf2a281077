// The rule checkers on what a model may write to break or to slow them: a result in time linear in the text.
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>

#include "rewards/checker.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

std::string repeat(std::string_view text, size_t bytes) {
  std::string all;
  while (all.size() < bytes) all += text;
  return all;
}

std::vector<std::string> monsters(size_t bytes) {
  std::vector<std::string> all;
  for (const std::string_view unit :
       {"a",  "A ", "\xCE\xB1", "\xE6\xBC\xA2", "<",    "<think>", "</think>", "<think", "$",  "$x ",  "$x",
        "$$", "\\(", "\\[",      "\\(x",          "`",    "``` ",    "```",      "\\boxed{", "{", "[",   "[\n",
        "*",  "**",  "* a\n",    "***",           "<<",   ">>",      "<<>",      "\n",     "\n\n", " ",  "\xFF",
        "\xC3", "\xF0\x9F", "\xE2\x80", "P.", "P.P.", "S1", "\"", "a b ", "_", "-\n", "\xCC\x81"})
    all.push_back(repeat(unit, bytes));
  all.push_back(std::string(bytes, '\0'));
  all.push_back("<think>" + repeat("$x\n", bytes));
  all.push_back(repeat("[", bytes / 2) + repeat("]", bytes / 2));
  return all;
}

const json kInstructions = {
    {"instruction_id_list",
     {"keywords:existence", "keywords:frequency", "keywords:forbidden_words", "keywords:letter_frequency",
      "length_constraints:number_words", "length_constraints:number_paragraphs",
      "length_constraints:nth_paragraph_first_word", "detectable_content:number_placeholders",
      "detectable_content:postscript", "detectable_format:number_bullet_lists",
      "detectable_format:number_highlighted_sections", "detectable_format:multiple_sections",
      "detectable_format:json_format", "detectable_format:title", "combination:two_responses",
      "startend:end_checker", "change_case:capital_word_frequency", "change_case:english_capital"}},
    {"kwargs",
     {{{"keywords", {"aab"}}}, {{"keyword", "aab"}, {"frequency", 3}, {"relation", "at least"}},
      {{"forbidden_words", {"aa"}}}, {{"letter", "a"}, {"let_frequency", 1}, {"let_relation", "at least"}},
      {{"num_words", 3}, {"relation", "at least"}}, {{"num_paragraphs", 2}},
      {{"num_paragraphs", 2}, {"nth_paragraph", 1}, {"first_word", "a"}}, {{"num_placeholders", 1}},
      {{"postscript_marker", "P.P.S"}}, {{"num_bullets", 1}}, {{"num_highlights", 1}},
      {{"section_spliter", "S"}, {"num_sections", 1}}, nullptr, nullptr, nullptr, {{"end_phrase", "a"}},
      {{"capital_frequency", 1}, {"capital_relation", "at least"}}, nullptr}}};

const struct Subject {
  const char* checker;
  json options;
  json gold;
} kSubjects[] = {
    {"language", {{"language", "en"}, {"part", "all"}}, "a"},
    {"language", {{"language", "ja"}, {"part", "all"}, {"unit", "words"}}, "a"},
    {"repetition", {{"ngram", 20}}, "a"},
    {"tag_count", json::object(), "a"},
    {"task", {{"task", "countdown"}, {"answer_in", "boxed"}}, {{"numbers", {1, 2}}, {"target", 3}}},
    {"task", {{"task", "factors"}, {"answer_in", "last_line"}}, "6"},
    {"instruction", {{"part", "all"}}, kInstructions},
};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

TEST(Rules, GradeMonstersInTimeLinearInTheirLength) {
  // Ten times what an idle machine needs; a scan that is not linear needs hours.
  constexpr double kSecondsPerMebibyte = 0.5;
  for (const auto& [name, options, gold] : kSubjects) {
    const auto checker = make_checker(name, options).value();
    for (const std::string& monster : monsters(1 << 20)) {
      const double start = cpu_seconds();
      const CheckResult result = checker->check({.completion = monster, .gold = &gold});
      const double seconds = cpu_seconds() - start;
      EXPECT_LT(seconds, kSecondsPerMebibyte) << name << options << ": " << monster.substr(0, 16);
      EXPECT_LE(std::abs(result.score), 1);
      EXPECT_LT(result.reason.size(), 2000u);
    }
  }
}

}  // namespace
}  // namespace hone::rewards
