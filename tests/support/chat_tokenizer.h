// A tokenizer of bytes with a chat template: <|role|>content for each message.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/chat_template.h"
#include "policy/tokenizer.h"

namespace hone::test {

class ChatTokenizer final : public policy::Tokenizer {
 public:
  // `opening` is what the template writes where the answer begins, after <|assistant|>.
  explicit ChatTokenizer(const std::string& opening = "")
      : template_(policy::ChatTemplate::from_text(
                      "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
                      "{% if add_generation_prompt %}<|assistant|>" + opening + "{% endif %}",
                      nlohmann::ordered_json::object())
                      .value()) {}

  int32_t vocab_size() const override { return 258; }
  int32_t pad() const override { return -1; }
  int32_t bos() const override { return 256; }
  int32_t eos() const override { return 257; }
  Result<std::vector<int32_t>> encode(std::string_view text) const override {
    std::vector<int32_t> tokens;
    for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }
  Result<std::vector<int32_t>> encode_prompt(std::string_view text) const override {
    HONE_TRY_ASSIGN(std::vector<int32_t> tokens, encode(text));
    tokens.insert(tokens.begin(), bos());
    return tokens;
  }
  std::string decode(std::span<const int32_t> tokens, policy::ControlTokens) const override {
    std::string text;
    for (const int32_t token : tokens) text += token_text(token);
    return text;
  }
  std::string token_text(int32_t token) const override {
    return is_control(token) ? "" : std::string(1, static_cast<char>(token));
  }
  bool is_control(int32_t token) const override { return token >= 256; }
  bool is_open(int32_t) const override { return false; }
  const policy::ChatTemplate* chat_template() const override { return template_.get(); }
  std::vector<policy::TokenizerFile> files() const override { return {}; }

 private:
  std::unique_ptr<policy::ChatTemplate> template_;
};

}  // namespace hone::test
