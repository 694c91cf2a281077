#include "policy/decode_stream.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace hone::policy {
namespace {

using Tokens = std::vector<int32_t>;

// A token is a byte, 256 is a control token, 257 to 259 are one open token each: their text changes with the next one.
class ByteTokenizer final : public Tokenizer {
 public:
  int32_t vocab_size() const override { return 260; }
  int32_t pad() const override { return -1; }
  int32_t bos() const override { return -1; }
  int32_t eos() const override { return 256; }
  Result<Tokens> encode(std::string_view text) const override {
    Tokens tokens;
    for (char c : text) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }
  Result<Tokens> encode_prompt(std::string_view text) const override { return encode(text); }
  std::string decode(std::span<const int32_t> tokens, ControlTokens control) const override {
    std::string bytes;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i] < 256) bytes += static_cast<char>(tokens[i]);
      if (tokens[i] == 256 && control == ControlTokens::kKeep) bytes += "<eos>";
      if (is_open(tokens[i])) bytes += i + 1 < tokens.size() && is_open(tokens[i + 1]) ? "+" : "-";
    }
    return valid(bytes);
  }
  std::string token_text(int32_t) const override { return ""; }
  bool is_control(int32_t token) const override { return token == 256; }
  bool is_open(int32_t token) const override { return token > 256; }
  const ChatTemplate* chat_template() const override { return nullptr; }
  std::vector<TokenizerFile> files() const override { return {}; }

 private:
  // Each broken sequence becomes one U+FFFD; one that only lacks its end counts as one.
  static std::string valid(std::string_view bytes) {
    std::string out;
    for (size_t at = 0; at < bytes.size();) {
      if (const size_t length = utf8_length(bytes.substr(at))) {
        out += bytes.substr(at, length);
        at += length;
        continue;
      }
      out += "\uFFFD";
      size_t length = 1;
      while (at + length < bytes.size() && begins_a_character(bytes.substr(at, length + 1))) ++length;
      at += length;
    }
    return out;
  }
  static bool begins_a_character(std::string_view bytes) {
    for (int a = 0x80; a < 0xC0; ++a)
      for (int b = 0x80; b < 0xC0; b += 0x3F) {
        const std::string more = std::string(bytes) + static_cast<char>(a) + static_cast<char>(b);
        const size_t length = utf8_length(more);
        if (length > bytes.size()) return true;
      }
    return false;
  }
};

std::vector<std::string> pieces(const Tokens& tokens, ControlTokens control = ControlTokens::kLeaveOut) {
  const ByteTokenizer tokenizer;
  DecodeStream stream(tokenizer, control);
  std::vector<std::string> out;
  for (int32_t token : tokens) out.push_back(stream.push(token));
  out.push_back(stream.flush());
  return out;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : pieces) out += piece;
  return out;
}

TEST(DecodeStream, GivesCharactersWhenTheyAreComplete) {
  EXPECT_EQ(pieces({'a', 0xC3, 0xBC, 0xF0, 0x9F, 0x99, 0x82, 'b'}),
            (std::vector<std::string>{"a", "", "ü", "", "", "", "🙂", "b", ""}));
}

TEST(DecodeStream, BrokenBytesAreReplacedOnceTheyAreKnownToBeBroken) {
  EXPECT_EQ(pieces({0xE4, 'a'}), (std::vector<std::string>{"", "\uFFFDa", ""}));
  EXPECT_EQ(pieces({0xE4, 0xE4, 0xE4}), (std::vector<std::string>{"", "\uFFFD", "\uFFFD", "\uFFFD"}));
}

TEST(DecodeStream, LeavesOutControlTokensWithinACharacter) {
  EXPECT_EQ(joined(pieces({0xC3, 256, 0xBC, 256})), "ü");
  EXPECT_EQ(joined(pieces({'a', 256}, ControlTokens::kKeep)), "a<eos>");
}

TEST(DecodeStream, OpenTokensWaitForTheirEnd) {
  EXPECT_EQ(pieces({257, 258, 'a'}), (std::vector<std::string>{"", "", "+-a", ""}));
  EXPECT_EQ(pieces({'a', 257}), (std::vector<std::string>{"a", "", "-"}));
}

TEST(DecodeStream, PiecesAreTheWholeTextForAnyTokens) {
  uint64_t state = 1;
  for (int round = 0; round < 2000; ++round) {
    Tokens tokens;
    for (int i = 0; i < 40; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const auto draw = static_cast<int32_t>(state >> 33);
      tokens.push_back(draw % 4 ? 0x80 + draw / 4 % 132 : draw / 4 % 128);
    }
    const ByteTokenizer tokenizer;
    const auto got = pieces(tokens, ControlTokens::kKeep);
    EXPECT_EQ(joined(got), tokenizer.decode(tokens, ControlTokens::kKeep));
    for (const std::string& piece : got)
      for (size_t at = 0; at < piece.size(); at += utf8_length(std::string_view(piece).substr(at)))
        ASSERT_NE(utf8_length(std::string_view(piece).substr(at)), 0u);
  }
}

}  // namespace
}  // namespace hone::policy
