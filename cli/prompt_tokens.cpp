#include "cli/prompt_tokens.h"

#include <algorithm>

#include "trainer/sampler.h"

namespace hone::cli {
namespace {

using nlohmann::ordered_json;

Error wrong_type(const std::string& field, const char* wanted, const ordered_json& value) {
  return {.message = str("must be ", wanted, ", not ", value.type_name()), .field = field};
}

Result<void> check_one_form(const nlohmann::json& object) {
  std::string given;
  for (const char* form : {"prompt", "token_ids", "messages"}) {
    if (!object.contains(form)) continue;
    if (!given.empty()) return Error{.message = str("has ", given, " and ", form, "; give one of them")};
    given = form;
  }
  return {};
}

}  // namespace

Result<const policy::Tokenizer*> tokenizer_of(const policy::Tokenizer* tokenizer) {
  if (tokenizer == nullptr) return Error{.message = "the model has no tokenizer.json; give token_ids instead of text"};
  return tokenizer;
}

Result<const policy::ChatTemplate*> chat_template_of(const policy::Tokenizer* tokenizer) {
  HONE_TRY_ASSIGN(const policy::Tokenizer* found, tokenizer_of(tokenizer));
  if (const policy::ChatTemplate* chat = found->chat_template()) return chat;
  return Error{.message = "the model has no chat template: neither a chat_template.jinja nor a chat_template in its "
                          "tokenizer_config.json",
               .field = "messages"};
}

Result<ChatLine> read_chat(const JsonLine& line) {
  const ordered_json object = ordered_json::parse(line.text, nullptr, false);
  HONE_CHECK(object.is_object(), "an object is no object when it is read again: ", line.text);
  ChatLine chat;
  for (const auto& [key, value] : object.items()) {
    if (key == "messages") {
      if (!value.is_array()) return wrong_type(key, "a list of messages", value);
      if (value.empty()) return Error{.message = "holds no message", .field = key};
      chat.messages = value;
    } else if (key == "tools") {
      if (!value.is_array() && !value.is_null()) return wrong_type(key, "a list", value);
      chat.options.tools = value;
    } else if (key == "add_generation_prompt") {
      if (!value.is_boolean()) return wrong_type(key, "true or false", value);
      chat.options.add_generation_prompt = value.get<bool>();
    } else if (key == "chat_template_kwargs") {
      if (!value.is_object() && !value.is_null()) return wrong_type(key, "an object", value);
      chat.options.variables = value;
    }
  }
  if (chat.messages.is_null()) return Error{.message = "is missing", .field = "messages"};
  return chat;
}

Result<std::vector<int32_t>> read_prompt(const trainer::Model& model, const JsonLine& line) {
  const nlohmann::json& object = *line.object;
  HONE_TRY(check_one_form(object));
  if (object.contains("token_ids")) return read_tokens(object, "token_ids", model.weights->config().vocab_size);
  HONE_TRY_ASSIGN(const policy::Tokenizer* tokenizer, tokenizer_of(model.tokenizer.get()));
  if (!object.contains("messages")) {
    HONE_TRY_ASSIGN(const std::string text, read_text(object, "prompt"));
    return trainer::encode_prompt(*tokenizer, text);
  }
  HONE_TRY_ASSIGN(const policy::ChatTemplate* chat, chat_template_of(tokenizer));
  HONE_TRY_ASSIGN(ChatLine asked, read_chat(line));
  asked.options.add_generation_prompt = true;
  HONE_TRY_ASSIGN(const std::string text, chat->render(asked.messages, asked.options));
  return tokenizer->encode(text);
}

}  // namespace hone::cli
