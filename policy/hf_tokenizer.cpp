#include "policy/hf_tokenizer.h"

#include <filesystem>

#include "base/ffi/text.h"
#include "base/file.h"
#include "policy/tokenizer_config.h"

namespace hone::policy {
namespace {

constexpr int64_t kMaxFile = 256 << 20;
// What else transformers, vLLM and others look for beside tokenizer.json.
constexpr const char* kFiles[] = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                                  "chat_template.jinja",   "chat_template.json",      "vocab.json",
                                  "merges.txt",            "vocab.txt",               "tokenizer.model",
                                  "spiece.model"};

}  // namespace

Result<std::unique_ptr<HfTokenizer>> HfTokenizer::create(const std::string& path, std::string json) {
  const std::string parent = std::filesystem::path(path).parent_path(), directory = parent.empty() ? "." : parent;
  std::unique_ptr<HfTokenizer> out(new HfTokenizer);
  HoneBytes error;
  out->tokenizer_.reset(hone_tokenizer_open(ffi::text(json), &error));
  if (!out->tokenizer_) {
    auto [field, message] = ffi::take_error(error);
    return Error{.message = std::move(message), .file = path, .field = field};
  }
  out->size_ = hone_tokenizer_size(out->tokenizer_.get());
  HONE_TRY(out->read_named_tokens(directory));
  out->measure_frame();
  HONE_TRY_ASSIGN(out->chat_template_, ChatTemplate::load(directory));
  out->files_.push_back({"tokenizer.json", std::move(json)});
  for (const char* name : kFiles) {
    const std::string beside = join_path(directory, name);
    if (!path_exists(beside)) continue;
    HONE_TRY_ASSIGN(std::string text, read_file(beside, kMaxFile));
    out->files_.push_back({name, std::move(text)});
  }
  return out;
}

Result<void> HfTokenizer::read_named_tokens(const std::string& directory) {
  HONE_TRY_ASSIGN(const TokenizerConfig config, read_tokenizer_config(directory));
  for (const auto& [name, token] : {std::pair{"pad_token", &pad_}, {"bos_token", &bos_}, {"eos_token", &eos_}}) {
    if (!config.special_tokens.contains(name)) continue;
    const std::string text = config.special_tokens[name];
    *token = hone_tokenizer_id(tokenizer_.get(), ffi::text(text));
    if (*token < 0)
      return Error{.message = str('"', text, "\" is not in the vocabulary of tokenizer.json"),
                   .file = config.special_tokens_file,
                   .field = name};
  }
  return {};
}

void HfTokenizer::measure_frame() {
  for (const char* text : {"1", "a"}) {
    const auto plain = encode(text, false), framed = encode(text, true);
    if (!plain || !framed || plain->empty() || plain->back() == eos_) continue;
    eos_after_ = eos_ >= 0 && framed->back() == eos_ ? 1 : 0;
    return;
  }
}

Result<std::vector<int32_t>> HfTokenizer::encode(std::string_view text, bool framed) const {
  HoneTokens tokens;
  HoneBytes error;
  if (!hone_tokenizer_encode(tokenizer_.get(), ffi::text(text), framed, &tokens, &error))
    return Error{.message = ffi::take(error)};
  std::vector<int32_t> out(tokens.data, tokens.data + tokens.size);
  hone_tokens_free(tokens);
  return out;
}

Result<std::vector<int32_t>> HfTokenizer::encode(std::string_view text) const { return encode(text, false); }

Result<std::vector<int32_t>> HfTokenizer::encode_prompt(std::string_view text) const {
  HONE_TRY_ASSIGN(std::vector<int32_t> tokens, encode(text, true));
  tokens.resize(tokens.size() - eos_after_);
  return tokens;
}

std::string HfTokenizer::decode(std::span<const int32_t> tokens, ControlTokens control) const {
  for (int32_t token : tokens) HONE_CHECK_LE(0, token);
  HoneBytes out, error;
  const bool decoded = hone_tokenizer_decode(tokenizer_.get(), tokens.data(), tokens.size(),
                                             control == ControlTokens::kLeaveOut, &out, &error);
  HONE_CHECK(decoded, ffi::take(error));
  return ffi::take(out);
}

std::string HfTokenizer::token_text(int32_t token) const {
  HONE_CHECK_LE(0, token);
  return ffi::take(hone_tokenizer_text(tokenizer_.get(), token));
}

bool HfTokenizer::is_control(int32_t token) const {
  HONE_CHECK_LE(0, token);
  return hone_tokenizer_is_special(tokenizer_.get(), token);
}

bool HfTokenizer::is_open(int32_t token) const {
  HONE_CHECK_LE(0, token);
  return hone_tokenizer_is_open(tokenizer_.get(), token);
}

}  // namespace hone::policy
