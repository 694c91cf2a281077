#include "policy/char_tokenizer.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utf8.h"
#include "policy/tokenizer_json.h"

namespace hone::policy {
namespace {

constexpr std::array<std::string_view, 7> kTags = {"<pad>",    "<bos>",    "<eos>",    "<think>",
                                                   "</think>", "<answer>", "</answer>"};
constexpr int32_t kFirstVisible = 3;  // tokens before are <pad> <bos> <eos>

Error vocabulary_error(const std::string& message) { return {.message = message, .field = "tokenizer"}; }

// Text is one character when its first code point is all of it.
bool is_character(std::string_view text) { return !text.empty() && utf8_length(text) == text.size(); }

Result<std::vector<std::string>> split_characters(std::string_view text) {
  std::vector<std::string> characters;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    if (length == 0) return vocabulary_error(str("characters: invalid UTF-8 at byte ", at));
    characters.emplace_back(text.substr(at, length));
    at += length;
  }
  return characters;
}

Result<void> check_word(std::string_view word) {
  // A tag must not begin inside a word: Hugging Face splits at tags before it looks for words.
  if (word.find_first_of("<>") != word.npos)
    return vocabulary_error(str("word \"", word, "\" must not contain < or >"));
  const auto characters = split_characters(word);
  if (!characters) return vocabulary_error("a word is not valid UTF-8");
  return {};
}

std::string describe(std::string_view text, size_t at) {
  const size_t length = utf8_length(text.substr(at));
  char hex[8];
  std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned char>(text[at]));
  const bool printable = length > 1 || (length == 1 && text[at] >= ' ' && text[at] != 0x7F);
  return printable ? str('"', text.substr(at, length), '"') : str("byte ", hex);
}

}  // namespace

std::span<const std::string_view> CharTokenizer::tags() { return kTags; }

Result<std::unique_ptr<CharTokenizer>> CharTokenizer::make(const CharVocabulary& vocabulary) {
  for (const std::string& word : vocabulary.words)
    if (is_character(word)) return vocabulary_error(str("word \"", word, "\" belongs to the characters"));
  std::vector<std::string> texts = vocabulary.words;
  HONE_TRY_ASSIGN(const auto characters, split_characters(vocabulary.characters));
  texts.insert(texts.end(), characters.begin(), characters.end());
  return make(texts);
}

Result<std::unique_ptr<CharTokenizer>> CharTokenizer::make(std::span<const std::string> texts) {
  std::unique_ptr<CharTokenizer> tokenizer(new CharTokenizer);
  for (std::string_view tag : kTags) HONE_TRY(tokenizer->add(std::string(tag)));
  for (const std::string& text : texts) {
    if (!is_character(text)) HONE_TRY(check_word(text));
    HONE_TRY(tokenizer->add(text));
  }
  std::stable_sort(tokenizer->long_tokens_.begin(), tokenizer->long_tokens_.end(), [&](int32_t a, int32_t b) {
    return tokenizer->texts_[a].size() > tokenizer->texts_[b].size();
  });
  return tokenizer;
}

Result<void> CharTokenizer::add(std::string text) {
  if (text.empty()) return vocabulary_error("a word is empty");
  const auto token = static_cast<int32_t>(texts_.size());
  if (!tokens_.emplace(text, token).second) return vocabulary_error(str("\"", text, "\" appears twice"));
  if (!is_character(text)) long_tokens_.push_back(token);
  texts_.push_back(std::move(text));
  return {};
}

int32_t CharTokenizer::match(std::string_view text) const {
  for (int32_t token : long_tokens_)
    if (text.starts_with(texts_[token])) return token;
  const auto found = tokens_.find(std::string(text.substr(0, utf8_length(text))));
  return found == tokens_.end() ? -1 : found->second;
}

Result<std::vector<int32_t>> CharTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> tokens;
  for (size_t at = 0; at < text.size(); at += texts_[tokens.back()].size()) {
    const int32_t token = match(text.substr(at));
    if (token < 0)
      return Error{.message = str(describe(text, at), " at byte ", at, " is not in the tokenizer's vocabulary")};
    tokens.push_back(token);
  }
  return tokens;
}

Result<std::vector<int32_t>> CharTokenizer::encode_prompt(std::string_view text) const {
  HONE_TRY_ASSIGN(std::vector<int32_t> tokens, encode(text));
  tokens.insert(tokens.begin(), bos());
  return tokens;
}

std::string CharTokenizer::decode(std::span<const int32_t> tokens, ControlTokens control) const {
  std::string text;
  for (int32_t token : tokens)
    if (control == ControlTokens::kKeep || !is_control(token)) text += token_text(token);
  return text;
}

std::string CharTokenizer::token_text(int32_t token) const {
  HONE_CHECK_LE(0, token);
  return token < vocab_size() ? texts_[token] : "";
}

bool CharTokenizer::is_control(int32_t token) const {
  HONE_CHECK_LE(0, token);
  return token < kFirstVisible;
}

std::vector<TokenizerFile> CharTokenizer::files() const {
  std::vector<std::string> words;
  for (int32_t token : long_tokens_)
    if (token >= static_cast<int32_t>(kTags.size())) words.push_back(texts_[token]);
  return {{"tokenizer.json", tokenizer_json(texts_, words).dump(2) + "\n"},
          {"tokenizer_config.json", tokenizer_config_json().dump(2) + "\n"}};
}

}  // namespace hone::policy
