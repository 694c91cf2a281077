// A tokenizer.json of any kind, by Hugging Face's own library.
#pragma once

#include "base/ffi/hone_ffi.h"
#include "policy/chat_template.h"
#include "policy/tokenizer.h"

namespace hone::policy {

// encode and decode may be called from several threads at once.
class HfTokenizer final : public Tokenizer {
 public:
  // `json` is the text of the file `path`; the other files are read from its directory where they exist. The Error
  // names file and field. What the file says about truncation and padding is not used.
  static Result<std::unique_ptr<HfTokenizer>> create(const std::string& path, std::string json);

  int32_t vocab_size() const override { return size_; }
  int32_t pad() const override { return pad_; }
  int32_t bos() const override { return bos_; }
  int32_t eos() const override { return eos_; }
  Result<std::vector<int32_t>> encode(std::string_view text) const override;
  Result<std::vector<int32_t>> encode_prompt(std::string_view text) const override;
  std::string decode(std::span<const int32_t> tokens, ControlTokens control) const override;
  std::string token_text(int32_t token) const override;
  bool is_control(int32_t token) const override;
  bool is_open(int32_t token) const override;
  const ChatTemplate* chat_template() const override { return chat_template_.get(); }
  std::vector<TokenizerFile> files() const override { return files_; }

 private:
  struct Free {
    void operator()(HoneTokenizer* tokenizer) const { hone_tokenizer_free(tokenizer); }
  };
  HfTokenizer() = default;
  Result<std::vector<int32_t>> encode(std::string_view text, bool framed) const;
  Result<void> read_named_tokens(const std::string& directory);
  void measure_frame();

  std::unique_ptr<HoneTokenizer, Free> tokenizer_;
  int32_t size_ = 0, pad_ = -1, bos_ = -1, eos_ = -1;
  size_t eos_after_ = 0;  // 1 where the post-processor puts an <eos> after a text
  std::unique_ptr<ChatTemplate> chat_template_;
  std::vector<TokenizerFile> files_;
};

}  // namespace hone::policy
