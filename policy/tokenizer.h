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

// The files that hold a tokenizer beside the weights, in the format of Hugging Face.
struct TokenizerFiles {
  std::string tokenizer_json;         // text of tokenizer.json
  std::string tokenizer_config_json;  // text of tokenizer_config.json
};

enum class ControlTokens { kKeep, kLeaveOut };  // <pad>, <bos> and <eos> in decoded text

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual int32_t vocab_size() const = 0;
  virtual int32_t pad() const = 0;
  virtual int32_t bos() const = 0;
  virtual int32_t eos() const = 0;

  // Adds no token that is not in the text. Error kInvalid with the character and its byte offset where no token fits.
  virtual Result<std::vector<int32_t>> encode(std::string_view text) const = 0;
  // Requires: 0 <= token < vocab_size() for each.
  virtual std::string decode(std::span<const int32_t> tokens, ControlTokens control = ControlTokens::kKeep) const = 0;
  // The text of one token, control tokens included. Requires: 0 <= token < vocab_size().
  virtual const std::string& token_text(int32_t token) const = 0;

  virtual TokenizerFiles files() const = 0;
};

// Opens `path`, a tokenizer.json that files() wrote or one of the same shape. The Error names file and field.
Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& path);

}  // namespace hone::policy
