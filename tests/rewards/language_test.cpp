#include "rewards/language.h"

#include <gtest/gtest.h>

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

CheckResult check(const json& options, const CheckInput& input) {
  return make_checker("language", options).value()->check(input);
}

TEST(Script, KnowsTheScriptOfALetter) {
  const struct { char32_t letter; Script script; } cases[] = {
      {U'a', Script::kLatin},    {U'Z', Script::kLatin},     {U'7', Script::kNone},       {U' ', Script::kNone},
      {U'é', Script::kLatin},    {U'×', Script::kNone},      {U'ß', Script::kLatin},      {U'ψ', Script::kGreek},
      {U'ж', Script::kCyrillic}, {U'א', Script::kHebrew},    {U'ب', Script::kArabic},     {U'٣', Script::kNone},
      {U'ह', Script::kDevanagari}, {U'०', Script::kNone},    {U'ก', Script::kThai},       {U'한', Script::kHangul},
      {U'の', Script::kKana},    {U'ー', Script::kKana},     {U'漢', Script::kHan},       {U'、', Script::kNone},
      {U'𠀀', Script::kHan},     {U'ა', Script::kGeorgian},  {U'አ', Script::kEthiopic},   {U'Ａ', Script::kLatin},
      {U'𝐱', Script::kLatin},    {U'🙂', Script::kNone},     {U'ᚠ', Script::kOther},      {0x10FFFF, Script::kNone}};
  for (const auto& [letter, script] : cases)
    EXPECT_EQ(static_cast<int>(script_of(letter)), static_cast<int>(script)) << std::hex << uint32_t{letter};
}

TEST(FindPart, SplitsAtTheEndOfTheReasoning) {
  const struct { std::string_view completion, prompt; std::optional<std::string_view> reasoning, answer; } cases[] = {
      {"<think>a</think>b", "", "a", "b"},
      {"a</think>b", "q<think>\n", "a", "b"},
      {"a</think>b", "", "a", "b"},
      {"x<think>a</think>b</think>c", "", "a</think>b", "c"},
      {"<think>a", "", "a", std::nullopt},
      {"a", "q<think>", "a", std::nullopt},
      {"a", "", std::nullopt, "a"},
      {"", "", std::nullopt, ""}};
  for (const auto& [completion, prompt, reasoning, answer] : cases) {
    EXPECT_EQ(find_part(completion, prompt, TextPart::kReasoning), reasoning) << completion;
    EXPECT_EQ(find_part(completion, prompt, TextPart::kAnswer), answer) << completion;
    EXPECT_EQ(find_part(completion, prompt, TextPart::kAll), completion);
  }
}

TEST(Prose, LeavesOutMathsCodeTagsAndCommands) {
  const struct { std::string_view text, prose; } cases[] = {
      {"a $x$ b", "a  b"},
      {"a $$x\n\ny$$ b", "a  b"},
      {"a \\(x\\) b \\[y\n\nz\\] c", "a  b  c"},
      {"costs $5 and $6", "costs $5 and $6"},
      {"$ x$ and $x $", "$ x$ and $x $"},
      {"$x\n\ny$", "$x\n\ny$"},
      {"$$ never ends", "$$ never ends"},
      {"a `b` c", "a  c"},
      {"a ` b", "a ` b"},
      {"a ```py\n\nb``` c", "a  c"},
      {"<think>a</think> 1 < 2 <b", "a 1 < 2 <b"},
      {"\\boxed{a} \\\\ b", "{a} \\\\ b"}};
  for (const auto& [text, expected] : cases) {
    std::string joined;
    for (std::string_view piece : prose(text)) joined += piece;
    EXPECT_EQ(joined, expected) << text;
  }
}

TEST(Language, IsTheShareInTheWantedScript) {
  const struct { const char* language; std::string_view text; double letters, words; } cases[] = {
      {"en", "two words", 1, 1},
      {"en", "abc абв", .5, .5},
      {"en", "abc абвгде", 1. / 3, .5},
      {"ru", "abc абв", .5, .5},
      {"de", "über größe", 1, 1},
      {"en", "1 + 2 = 3", 1, 1},
      {"zh", "答案是 x", .75, .75},
      {"zh", "答案は", 2. / 3, 2. / 3},
      {"ja", "答案は", 1, 1},
      {"ko", "정답 yes", .4, .5},
      {"hi", "हिन्दी", 1, 1},
      {"greek", "α β c", 2. / 3, 2. / 3},
      {"greek", "αb", .5, 0},
      {"greek", "bα", .5, 0},
      {"en", "ab\xFF\xC3zd", 1, 1},
      {"en", "text $абв$ `где` <тег>", 4. / 7, .5}};
  for (const auto& [language, text, letters, words] : cases) {
    const json options = {{"language", language}, {"part", "all"}};
    EXPECT_NEAR(check(options, {.completion = text}).score, letters, 1e-12) << text;
    EXPECT_NEAR(check({{"language", language}, {"part", "all"}, {"unit", "words"}}, {.completion = text}).score, words,
                1e-12) << text;
    EXPECT_EQ(check(options, {.completion = text}).verdict, Verdict::kScored);
  }
}

TEST(Language, MeasuresTheReasoningInTheScriptOfThePrompt) {
  const std::string_view latin = "a b d e =", greek = "α β γ =";
  const auto score = [](std::string_view prompt, std::string_view completion) {
    return check(json::object(), {.prompt = prompt, .completion = completion}).score;
  };
  EXPECT_EQ(score(latin, "<think>a b</think><answer>α</answer>"), 1);
  EXPECT_EQ(score(greek, "<think>a b</think><answer>α</answer>"), 0);
  EXPECT_EQ(score(greek, "<think>α b</think><answer>α</answer>"), .5);
  EXPECT_EQ(score("漢字とかな", "<think>漢は</think>"), 1);
}

TEST(Language, SaysWhyThereIsNoShare) {
  const CheckResult none = check({{"language", "en"}}, {.completion = "no tags"});
  EXPECT_EQ(none.verdict, Verdict::kNoAnswer);
  EXPECT_EQ(none.reason, "the completion has no reasoning");
  EXPECT_EQ(check({{"language", "en"}, {"empty_score", .25}}, {.completion = "<think>1</think>"}).score, .25);
  EXPECT_EQ(check({}, {.prompt = "1+1=", .completion = "<think>a</think>"}).verdict, Verdict::kNotApplicable);
  EXPECT_EQ(check({}, {.prompt = "a", .completion = "b", .bare_answer = true}).verdict, Verdict::kNotApplicable);
}

TEST(Language, TakesTheLanguageFromGoldOrExtraInfo) {
  const json text = "el", object = {{"language", "el"}}, unknown = "klingon";
  const std::string_view completion = "<think>α</think>";
  EXPECT_EQ(check({{"from", "gold"}}, {.completion = completion, .gold = &text}).score, 1);
  EXPECT_EQ(check({{"from", "gold"}}, {.completion = completion, .gold = &object}).score, 1);
  EXPECT_EQ(check({{"from", "extra_info"}}, {.completion = completion, .extra_info = &object}).score, 1);
  EXPECT_EQ(check({{"from", "extra_info"}}, {.completion = completion}).verdict, Verdict::kGoldError);
  const auto checker = make_checker("language", {{"from", "gold"}}).value();
  EXPECT_TRUE(checker->check_gold(object).ok());
  EXPECT_FALSE(checker->check_gold(unknown).ok());
  EXPECT_FALSE(make_checker("language", {{"language", "klingon"}}).ok());
}

}  // namespace
}  // namespace hone::rewards
