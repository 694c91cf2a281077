// Text to tokens and back. A tokenizer is immutable after it was made, so threads may share it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hone::policy {

class ChatTemplate;

// A file of the tokenizer, as it lies beside the weights.
struct TokenizerFile {
  std::string name;  // without directory: "tokenizer.json"
  std::string text;  // every byte of it
};

// <bos>, <eos> and whatever else the files call special, in decoded text.
enum class ControlTokens { kKeep, kLeaveOut };

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual int32_t vocab_size() const = 0;  // the largest token + 1; not every number below need be a token
  // -1 where the files name none.
  virtual int32_t pad() const = 0;
  virtual int32_t bos() const = 0;
  virtual int32_t eos() const = 0;

  // Special tokens written in the text become those tokens; none is added. Error kInvalid with the byte offset where
  // the text is not UTF-8 or no token fits.
  virtual Result<std::vector<int32_t>> encode(std::string_view text) const = 0;
  // A plain prompt framed as in training: what the tokenizer's post-processor puts before and after the text, without
  // an <eos> at the end, because an answer follows. hone's own: <bos> and the text. Errors as of encode.
  virtual Result<std::vector<int32_t>> encode_prompt(std::string_view text) const = 0;
  // A number that is no token gives no text: models with more logits than tokens can sample one. Bytes that are no
  // UTF-8 become U+FFFD. Requires: 0 <= token for each.
  virtual std::string decode(std::span<const int32_t> tokens, ControlTokens control = ControlTokens::kKeep) const = 0;
  // The token's entry in the vocabulary, control tokens included ("\u0120the" for " the" in byte-level vocabularies);
  // "" for a number that is no token. Requires: 0 <= token.
  virtual std::string token_text(int32_t token) const = 0;
  // Whether ControlTokens::kLeaveOut leaves it out. Requires: 0 <= token.
  virtual bool is_control(int32_t token) const = 0;
  // Whether a later token may change the text of this one by more than completing its last character; DecodeStream then
  // waits. Requires: 0 <= token.
  virtual bool is_open(int32_t token) const = 0;

  // nullptr where the files have none. Owned by the tokenizer.
  virtual const ChatTemplate* chat_template() const = 0;

  // What a directory needs so that the tokenizer loads from it again.
  virtual std::vector<TokenizerFile> files() const = 0;
};

// `path` is a tokenizer.json or its directory; tokenizer_config.json, special_tokens_map.json and chat_template.jinja
// beside it are read where they exist. The Error names file and field.
Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& path);

}  // namespace hone::policy
