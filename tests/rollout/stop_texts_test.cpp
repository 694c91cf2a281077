#include "rollout/stop_texts.h"

#include <gtest/gtest.h>

#include "base/philox.h"
#include "tests/support/piece_tokenizer.h"

namespace hone::rollout {
namespace {

using Pieces = std::vector<std::string>;

std::shared_ptr<const StopTexts> stop_texts(const Pieces& texts) { return std::make_shared<const StopTexts>(texts); }

// By trying every place of a whole text.
std::optional<StopMatch> naive_search(const Pieces& texts, const std::string& text) {
  for (size_t end = 1; end <= text.size(); ++end)
    for (size_t begin = 0; begin < end; ++begin)
      for (const std::string& stop : texts)
        if (text.compare(begin, end - begin, stop) == 0) return StopMatch{begin, end};
  return std::nullopt;
}

std::optional<StopMatch> search(const Pieces& texts, const Pieces& pieces) {
  StopSearch reader(stop_texts(texts));
  for (const std::string& piece : pieces)
    if (const auto match = reader.read(piece)) return match;
  return std::nullopt;
}

struct Case {
  Pieces stops;
  std::string text;
  std::optional<StopMatch> match;
};

// The longest one at the earliest end, overlaps with themselves and with others.
const Case kCases[] = {
    {{"</answer>"}, "<answer>7</answer> and more", StopMatch{9, 18}},
    {{"</answer>"}, "<answer>7</answer", std::nullopt},
    {{"abab"}, "aababab", StopMatch{1, 5}},
    {{"aab"}, "aaaab", StopMatch{2, 5}},
    {{"bc", "abc", "c"}, "xabcd", StopMatch{1, 4}},
    {{"abcd", "bc"}, "abcd", StopMatch{1, 3}},
    {{"é"}, "caf\u00e9!", StopMatch{3, 5}},
    {{"\n\n", "User:"}, "a\nUser: b\n\n", StopMatch{2, 7}},
    {{}, "abc", std::nullopt},
};

TEST(StopSearch, FindsTheFirstEndHoweverTheTextIsSplit) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    for (size_t first = 0; first <= c.text.size(); ++first)
      for (size_t second = first; second <= c.text.size(); ++second) {
        const Pieces thirds{c.text.substr(0, first), c.text.substr(first, second - first), c.text.substr(second)};
        EXPECT_EQ(search(c.stops, thirds), c.match);
      }
    Pieces bytes;
    for (const char byte : c.text) bytes.emplace_back(1, byte);
    EXPECT_EQ(search(c.stops, bytes), c.match);
  }
}

TEST(StopSearch, AgreesWithTryingEveryPlace) {
  for (uint32_t trial = 0; trial < 3000; ++trial) {
    PhiloxStream random(3, trial);
    const auto word = [&](uint32_t longest) {
      std::string out(1 + random.below(longest), 'a');
      for (char& c : out) c = static_cast<char>('a' + random.below(2));
      return out;
    };
    Pieces stops, pieces;
    for (uint32_t i = random.below(4); i < 4; ++i) stops.push_back(word(6));
    for (uint32_t i = random.below(9); i < 9; ++i) pieces.push_back(word(3));
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    EXPECT_EQ(search(stops, pieces), naive_search(stops, text)) << text;
  }
}

TEST(StopSearch, SaysWhatMayYetBelongToAMatch) {
  StopSearch reader(stop_texts({"abab", "bc"}));
  for (const auto& [byte, pending] : {std::pair("a", 1u), {"b", 2u}, {"a", 3u}, {"a", 1u}, {"b", 2u}, {"x", 0u}}) {
    EXPECT_FALSE(reader.read(byte));
    EXPECT_EQ(reader.pending(), pending);
  }
}

// Every way to cut the bytes of a text into tokens, inside characters too, with and without control tokens between.
TEST(StopReader, DoesNotSeeTheBordersOfTokens) {
  const std::string text = "7</\u20ac>", stop = "</\u20ac>";
  for (uint32_t cuts = 0; cuts < 1u << (text.size() - 1); ++cuts) {
    for (const bool controls : {false, true}) {
      Pieces pieces{text.substr(0, 1)};
      for (size_t i = 1; i < text.size(); ++i) {
        const bool cut = cuts >> (i - 1) & 1;
        if (cut && controls) pieces.emplace_back();
        if (cut) pieces.emplace_back();
        pieces.back() += text[i];
      }
      const hone::testing::PieceTokenizer tokenizer(pieces);
      StopReader reader(tokenizer, stop_texts({stop}));
      std::optional<StopMatch> match;
      for (int32_t token = 0; token < tokenizer.vocab_size(); ++token) {
        ASSERT_FALSE(match) << "before the last token, cuts " << cuts;
        match = reader.push(token);
      }
      EXPECT_EQ(match, (StopMatch{1, text.size()})) << "cuts " << cuts;
    }
  }
}

TEST(StopReader, LooksThroughTheEndOfAnAnswer) {
  const hone::testing::PieceTokenizer tokenizer({"a", "\xC3"});
  StopReader reader(tokenizer, stop_texts({"a\uFFFD"}));
  EXPECT_FALSE(reader.push(0));
  EXPECT_FALSE(reader.push(1)) << "the character may still be completed";
  EXPECT_EQ(reader.finish(), (StopMatch{0, 4}));
}

}  // namespace
}  // namespace hone::rollout
