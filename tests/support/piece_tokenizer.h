// A tokenizer whose tokens are given texts or parts of characters.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "policy/tokenizer.h"

namespace hone::testing {

// Bytes that are no UTF-8 become one U+FFFD for each broken character.
inline std::string replace_broken(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    size_t length = utf8_length(bytes);
    if (length > 0) {
      text += bytes.substr(0, length);
    } else {
      const auto continues = [&] { return length < bytes.size() && (bytes[length] & 0xC0) == 0x80; };
      const auto lead = static_cast<unsigned char>(bytes[0]);
      const size_t most = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
      for (length = 1; length < most && continues();) ++length;
      text += "\uFFFD";
    }
    bytes.remove_prefix(length);
  }
  return text;
}

// Token i is pieces[i]; an empty piece is a control token.
class PieceTokenizer final : public policy::Tokenizer {
 public:
  explicit PieceTokenizer(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  int32_t vocab_size() const override { return static_cast<int32_t>(pieces_.size()); }
  int32_t pad() const override { return -1; }
  int32_t bos() const override { return -1; }
  int32_t eos() const override { return -1; }
  Result<std::vector<int32_t>> encode(std::string_view) const override { return Error{.message = "only decodes"}; }
  Result<std::vector<int32_t>> encode_prompt(std::string_view text) const override { return encode(text); }
  std::string decode(std::span<const int32_t> tokens, policy::ControlTokens control) const override {
    std::string bytes;
    for (int32_t token : tokens) {
      if (!is_control(token)) bytes += pieces_[token];
      if (is_control(token) && control == policy::ControlTokens::kKeep) bytes += "<control>";
    }
    return replace_broken(bytes);
  }
  std::string token_text(int32_t token) const override { return pieces_[token]; }
  bool is_control(int32_t token) const override { return pieces_[token].empty(); }
  bool is_open(int32_t) const override { return false; }
  const policy::ChatTemplate* chat_template() const override { return nullptr; }
  std::vector<policy::TokenizerFile> files() const override { return {}; }

 private:
  std::vector<std::string> pieces_;
};

}  // namespace hone::testing
