#include "rewards/instruction.h"

#include <gtest/gtest.h>

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

struct Case {
  const char* id;
  json arguments;
  std::vector<std::string_view> followed, broken;
};

const Case kCases[] = {
    {"keywords:existence", {{"keywords", {"blue", "Sky"}}}, {"the sky is Blue", "skyblue"}, {"the sky", "blu e sky"}},
    {"keywords:frequency", {{"keyword", "a b"}, {"frequency", 2}, {"relation", "at least"}}, {"a b A B"}, {"a b a"}},
    {"keywords:frequency", {{"keyword", "x"}, {"frequency", 2}, {"relation", "less than"}}, {"x"}, {"xx"}},
    {"keywords:forbidden_words", {{"forbidden_words", {"bad", "no way"}}}, {"badly", "über_bad", "ébad"},
     {"Bad!", "so bad", "\u2014bad\u2014", "No way."}},
    {"keywords:letter_frequency", {{"letter", "E"}, {"let_frequency", 3}, {"let_relation", "at least"}},
     {"eEe"}, {"ee"}},
    {"keywords:letter_frequency", {{"letter", "#"}, {"let_frequency", 1}, {"let_relation", "less than"}}, {"a"}, {"#"}},
    {"length_constraints:number_words", {{"num_words", 3}, {"relation", "at least"}},
     {"a b c", "it's ok", "eins, zwei, drü"}, {"a b", "- - - -"}},
    {"length_constraints:number_words", {{"num_words", 3}, {"relation", "less than"}}, {"a b"}, {"a b c"}},
    {"length_constraints:number_paragraphs", {{"num_paragraphs", 2}}, {"a\n***\nb", "a***b", "***\na\n***\nb\n***"},
     {"a", "a***b***c", "a*** ***b"}},
    {"length_constraints:nth_paragraph_first_word",
     {{"num_paragraphs", 2}, {"nth_paragraph", 2}, {"first_word", "Then"}},
     {"a\n\nthen b", "a\n\n\"Then, b"}, {"a\n\nb", "then", "a\n\nthen\n\nc"}},
    {"detectable_content:number_placeholders", {{"num_placeholders", 2}}, {"[a] [b]", "[[a] []"},
     {"[a] [b", "[a\n] [b\n]"}},
    {"detectable_content:postscript", {{"postscript_marker", "P.S."}}, {"a\nP.S. b", "p. s. c"}, {"PS b", "p.s"}},
    {"detectable_content:postscript", {{"postscript_marker", "P.P.S"}}, {"p.p.s", "P. P. S."}, {"P.S."}},
    {"detectable_content:postscript", {{"postscript_marker", "Note:"}}, {"a note: b"}, {"a note b"}},
    {"detectable_format:number_bullet_lists", {{"num_bullets", 2}}, {"* a\n* b", "- a\n  - b", "* a\n- b\n** c"},
     {"* a", "* a\n* b\n* c"}},
    {"detectable_format:constrained_response", nullptr, {"Well. My answer is no."}, {"My answer is No."}},
    {"detectable_format:number_highlighted_sections", {{"num_highlights", 2}},
     {"*a* and *b*", "**a**\n*b*"}, {"*a*", "* *\n**", "*a\n*", "*a\nb*"}},
    {"detectable_format:multiple_sections", {{"section_spliter", "Section"}, {"num_sections", 2}},
     {"Section 1\na\nSection 2\nb", "Section1 Section2"},
     {"Section 1", "SECTION 1 SECTION 2", "Section  1 Section  2"}},
    {"detectable_format:json_format", nullptr, {"{\"a\": 1}", "```json\n[1]\n```", "3"}, {"{a: 1}", "```\n```", "a"}},
    {"detectable_format:title", nullptr, {"<<a>>", "x <<<a> >> y"}, {"<<>>", "<<a\n>>", "<< >>", "<a>"}},
    {"combination:two_responses", nullptr, {"a******b", "******a ****** b******"}, {"a******a", "a", "a************b"}},
    {"combination:repeat_prompt", {{"prompt_to_repeat", "Say it."}}, {" say it. Ok"}, {"Ok. Say it."}},
    {"startend:end_checker", {{"end_phrase", "The end."}}, {"a. the end.", "\"The end.\" "}, {"The end. a"}},
    {"startend:quotation", nullptr, {" \"a\" "}, {"\"a", "\"", "a\"b\""}},
    {"change_case:capital_word_frequency", {{"capital_frequency", 2}, {"capital_relation", "at least"}},
     {"AB c D", "A-B C3"}, {"AB Cd", "12 A"}},
    {"change_case:english_capital", nullptr, {"HELLO 1!"}, {"HELLO i", "1", "HELLO МИР"}},
    {"change_case:english_lowercase", nullptr, {"hello 1!"}, {"hello I", "1", "hello мир"}},
    {"punctuation:no_comma", nullptr, {"a; b"}, {"a, b"}},
};

TEST(Instruction, EveryRuleTellsWhatFollowsIt) {
  for (const Case& rule : kCases) {
    const auto follows = make_instruction(rule.id, rule.arguments);
    ASSERT_TRUE(follows.ok()) << follows.error().to_string();
    for (std::string_view text : rule.followed) EXPECT_TRUE((*follows)(text)) << rule.id << ": " << text;
    for (std::string_view text : rule.broken) EXPECT_FALSE((*follows)(text)) << rule.id << ": " << text;
  }
}

json spec(std::vector<std::string> ids, json arguments) {
  return {{"instruction_id_list", ids}, {"kwargs", std::move(arguments)}};
}

CheckResult check(const json& options, std::string_view completion, const json& gold) {
  return make_checker("instruction", options).value()->check({.completion = completion, .gold = &gold});
}

TEST(Instruction, AllMustBeFollowedOrTheShareCounts) {
  const json gold = spec({"punctuation:no_comma", "startend:quotation"}, {nullptr, {{"num_words", nullptr}}});
  EXPECT_EQ(check({}, "\"a b\"", gold).verdict, Verdict::kCorrect);
  const CheckResult half = check({}, "\"a, b\"", gold);
  EXPECT_EQ(half.verdict, Verdict::kWrong);
  EXPECT_EQ(half.score, 0);
  EXPECT_EQ(half.reason, "not followed: punctuation:no_comma");
  EXPECT_EQ(check({{"score", "share"}}, "\"a, b\"", gold).score, .5);
}

TEST(Instruction, JudgesTheAnswerAlone) {
  const json gold = spec({"punctuation:no_comma"}, {json::object()});
  EXPECT_EQ(check({}, "<think>a, b</think>a", gold).verdict, Verdict::kCorrect);
  EXPECT_EQ(check({}, "<think>a</think>a, b", gold).verdict, Verdict::kWrong);
  EXPECT_EQ(check({{"part", "all"}}, "<think>a, b</think>a", gold).verdict, Verdict::kWrong);
  EXPECT_EQ(check({}, "<think>a, b", gold).verdict, Verdict::kNoAnswer);
  EXPECT_EQ(check({}, " \n", gold).verdict, Verdict::kNoAnswer);
  const json quoted = spec({"startend:quotation"}, {json::object()});
  EXPECT_EQ(check({}, "<think>a</think><answer>\"b\"</answer>", quoted).verdict, Verdict::kCorrect);
}

TEST(Instruction, LooseAlsoReadsWithoutOuterLinesAndAsterisks) {
  const json quoted = spec({"startend:quotation"}, {json::object()});
  const auto loose = [&](std::string_view text) { return check({{"reading", "loose"}}, text, quoted).verdict; };
  for (const char* text : {"Sure:\n\"a\"", "\"a\"\nBye", "Sure:\n\"a\"\nBye", "**\"a\"**", "Sure\n*\"a\"*\nBye"}) {
    EXPECT_EQ(loose(text), Verdict::kCorrect) << text;
    EXPECT_EQ(check({}, text, quoted).verdict, Verdict::kWrong) << text;
  }
  EXPECT_EQ(loose("Sure:\nwell\n\"a\""), Verdict::kWrong);
}

TEST(Instruction, BadSpecificationsAreGoldErrors) {
  const struct { json gold; const char* problem; } cases[] = {
      {"text", "instruction_id_list: must be an object"},
      {spec({}, json::array()), "instruction_id_list: must be a list of 1 to 64 names"},
      {spec({"punctuation:no_comma"}, json::array()), "kwargs: must be a list with an object for every instruction"},
      {spec({"length_constraints:number_words"}, {{{"num_words", -1}, {"relation", "at least"}}}),
       "length_constraints:number_words.num_words: must be an integer from 0 on"},
      {spec({"length_constraints:number_words"}, {{{"num_words", 5}, {"relation", "about"}}}),
       "length_constraints:number_words.relation: must be \"less than\" or \"at least\""},
      {spec({"keywords:existence"}, {json::object()}),
       "keywords:existence.keywords: must be a list of 1 to 256 texts"}};
  for (const auto& [gold, problem] : cases) {
    const CheckResult result = check({}, "a", gold);
    EXPECT_EQ(result.verdict, Verdict::kGoldError);
    EXPECT_EQ(result.reason, problem);
    EXPECT_FALSE(make_checker("instruction", {}).value()->check_gold(gold).ok());
  }
  for (const char* unknown : {"language:response_language", "length_constraints:number_sentences"})
    EXPECT_EQ(check({}, "a", spec({unknown}, {json::object()})).verdict, Verdict::kGoldError);
}

}  // namespace
}  // namespace hone::rewards
