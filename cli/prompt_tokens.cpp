#include "cli/prompt_tokens.h"

#include "cli/json_lines.h"
#include "trainer/sampler.h"

namespace hone::cli {
namespace {

Error no_tokenizer() { return {.message = "the model has no tokenizer.json; give token_ids instead of text"}; }

}  // namespace

Result<std::vector<int32_t>> encode_text(const trainer::Model& model, const std::string& text) {
  if (!model.tokenizer) return no_tokenizer();
  return model.tokenizer->encode(text);
}

Result<std::vector<int32_t>> encode_prompt(const trainer::Model& model, const std::string& text) {
  if (!model.tokenizer) return no_tokenizer();
  return trainer::encode_prompt(*model.tokenizer, text);
}

Result<std::vector<int32_t>> read_prompt(const trainer::Model& model, const nlohmann::json& line) {
  if (line.contains("messages")) {
    return Error{.message = "this model has no chat template; give prompt or token_ids", .field = "messages"};
  }
  const bool has_tokens = line.contains("token_ids");
  if (has_tokens && line.contains("prompt")) return Error{.message = "has prompt and token_ids; give one of them"};
  if (has_tokens) return read_tokens(line, "token_ids", model.weights->config().vocab_size);
  HONE_TRY_ASSIGN(const std::string text, read_text(line, "prompt"));
  return encode_prompt(model, text);
}

}  // namespace hone::cli
