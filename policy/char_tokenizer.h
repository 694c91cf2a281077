// The tokenizer of models made from scratch: a fixed vocabulary of tags, words and single characters.
#pragma once

#include <unordered_map>

#include "policy/tokenizer.h"

namespace hone::policy {

struct CharVocabulary {
  std::vector<std::string> words = {"wait"};       // longer than one character, without '<' and '>'
  std::string characters = "0123456789+-=;?,:";    // UTF-8, each once
};

// Tokens 0 to 6 are <pad> <bos> <eos> <think> </think> <answer> </answer>, then come words and characters. encode takes
// at every place the longest tag or word, else one character.
class CharTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<CharTokenizer>> make(const CharVocabulary& vocabulary);
  // texts[i] is the token 7 + i: a word or a character.
  static Result<std::unique_ptr<CharTokenizer>> make(std::span<const std::string> texts);

  int32_t vocab_size() const override { return static_cast<int32_t>(texts_.size()); }
  int32_t pad() const override { return 0; }
  int32_t bos() const override { return 1; }
  int32_t eos() const override { return 2; }
  Result<std::vector<int32_t>> encode(std::string_view text) const override;
  Result<std::vector<int32_t>> encode_prompt(std::string_view text) const override;
  std::string decode(std::span<const int32_t> tokens, ControlTokens control) const override;
  std::string token_text(int32_t token) const override;
  bool is_control(int32_t token) const override;
  bool is_open(int32_t) const override { return false; }
  const ChatTemplate* chat_template() const override { return nullptr; }
  std::vector<TokenizerFile> files() const override;

  static std::span<const std::string_view> tags();  // tokens 0 to 6

 private:
  CharTokenizer() = default;
  Result<void> add(std::string text);
  // The token at the start of text; -1 where none fits.
  int32_t match(std::string_view text) const;

  std::vector<std::string> texts_;  // [vocab_size]
  std::unordered_map<std::string, int32_t> tokens_;
  std::vector<int32_t> long_tokens_;  // tags and words, longest first
};

}  // namespace hone::policy
