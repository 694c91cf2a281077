#include "cli/chat_text.h"

#include <gtest/gtest.h>

#include "tests/support/piece_tokenizer.h"

namespace hone::cli {
namespace {

struct Read {
  std::string reasoning, answer;

  bool operator==(const Read&) const = default;
};

Read read_all(bool opened, const std::vector<std::string>& pieces) {
  ReasoningSplitter splitter(opened);
  Read read;
  const auto add = [&](const std::vector<AnswerPart>& parts) {
    for (const AnswerPart& part : parts) (part.reasoning ? read.reasoning : read.answer) += part.text;
  };
  for (const std::string& piece : pieces) add(splitter.read(piece));
  add(splitter.finish());
  return read;
}

struct Case {
  bool opened;
  std::string text;
  Read read;
};

const Case kCases[] = {
    {false, "<think>a</think>b", {"a", "b"}},
    {false, "\n <think>a</think>b", {"a", "b"}},
    {true, "a</think>\n\nb", {"a", "\n\nb"}},
    {true, "a < b </thin", {"a < b </thin", ""}},
    {true, "</think>b</think>", {"", "b</think>"}},
    {false, "b <think> is a tag", {"", "b <think> is a tag"}},
    {false, "<thinking>", {"", "<thinking>"}},
    {false, "<thi", {"", "<thi"}},
    {false, "", {"", ""}},
};

TEST(ReasoningSplitter, TellsReasoningFromTheAnswerHoweverTheTextIsSplit) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    std::vector<std::string> bytes;
    for (const char byte : c.text) bytes.emplace_back(1, byte);
    EXPECT_EQ(read_all(c.opened, bytes), c.read);
    for (size_t cut = 0; cut <= c.text.size(); ++cut)
      EXPECT_EQ(read_all(c.opened, {c.text.substr(0, cut), c.text.substr(cut)}), c.read);
  }
}

TEST(ReasoningSplitter, GivesOutWhatCannotBeATag) {
  ReasoningSplitter splitter(true);
  EXPECT_EQ(splitter.read("so </th"), (std::vector<AnswerPart>{{true, "so "}}));
  EXPECT_EQ(splitter.read("at"), (std::vector<AnswerPart>{{true, "</that"}}));
}

TEST(OpensReasoning, IsWhetherThePromptEndsWithTheTag) {
  EXPECT_TRUE(opens_reasoning("User: 1+1. Assistant: <think>"));
  EXPECT_TRUE(opens_reasoning("<think>\n"));
  EXPECT_FALSE(opens_reasoning("<think>\n\n</think>\n\n"));
  EXPECT_FALSE(opens_reasoning(""));
}

std::vector<std::string> letters(const std::string& text) {
  std::vector<std::string> out;
  for (const char c : text) out.emplace_back(1, c);
  return out;
}

TEST(AnswerText, HoldsBackWhatMayBeAStopText) {
  const testing::PieceTokenizer tokenizer(letters("ab</c</d>"));
  AnswerText text(tokenizer, std::make_shared<const rollout::StopTexts>(std::vector<std::string>{"</d>"}));
  std::vector<std::string> given;
  for (int32_t token = 0; token < 9; ++token) given.push_back(text.push(token));
  EXPECT_EQ(given, (std::vector<std::string>{"a", "b", "", "", "</c", "", "", "", ""}));
  EXPECT_TRUE(text.stopped());
  EXPECT_EQ(text.finish(), "");
  EXPECT_EQ(text.text(), "ab</c");
}

TEST(AnswerText, GivesWhatWaitedAtTheEnd) {
  const testing::PieceTokenizer tokenizer(letters("a</\xE2"));
  AnswerText text(tokenizer, std::make_shared<const rollout::StopTexts>(std::vector<std::string>{"</d>"}));
  std::string given;
  for (int32_t token = 0; token < 4; ++token) given += text.push(token);
  EXPECT_EQ(given, "a");
  EXPECT_EQ(text.finish(), "</\uFFFD");
  EXPECT_EQ(text.text(), "a</\uFFFD");
  EXPECT_FALSE(text.stopped());
}

TEST(ForTerminal, LetsNoControlCharacterThrough) {
  EXPECT_EQ(for_terminal("a\tb\nc\n"), "a\tb\nc\n");
  EXPECT_EQ(for_terminal("\033[2Ja\rb\x7F\u009b1m\u00e9"), "?[2Ja?b??1m\u00e9");
}

}  // namespace
}  // namespace hone::cli
