// Chat templates: the Jinja programs beside a model that turn messages into the text it was trained on.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace hone::policy {

struct ChatOptions {
  nlohmann::ordered_json tools;         // array of tool definitions, null for none
  nlohmann::ordered_json variables;     // object of further ones, such as {"enable_thinking": false}; null for none
  bool add_generation_prompt = false;   // ends with what opens the answer
  bool continue_final_message = false;  // ends with the text of the last message, so that the answer goes on from there
};

// Renders as transformers' apply_chat_template does, byte for byte. Templates are programs of strangers: they see only
// the variables given, and end in an Error where they would take too many steps, nest too deep or write too much.
// Immutable after it was made, so threads may share it.
class ChatTemplate {
 public:
  // Reads chat_template.jinja, else the member chat_template of tokenizer_config.json: a text or a list of {name,
  // template}. Special tokens (bos_token, eos_token, …) are variables, from tokenizer_config.json, else
  // special_tokens_map.json. nullptr where the directory has no template. The Error names file and field.
  static Result<std::unique_ptr<ChatTemplate>> load(const std::string& directory);
  // One template without a directory; `special_tokens` is an object of variables.
  static Result<std::unique_ptr<ChatTemplate>> from_text(std::string_view jinja,
                                                         const nlohmann::ordered_json& special_tokens);
  ~ChatTemplate();

  // `messages` is an array of objects, as a rule {"role", "content"}. The order of members counts where a template
  // prints a whole object. Error kInvalid with the template's line, or with the text of its raise_exception.
  Result<std::string> render(const nlohmann::ordered_json& messages, const ChatOptions& options = {}) const;

 private:
  class State;
  explicit ChatTemplate(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hone::policy
