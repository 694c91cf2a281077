#include "policy/chat_template.h"

#include <cstdlib>

#include "base/ffi/text.h"
#include "base/file.h"
#include "policy/tokenizer_config.h"

namespace hone::policy {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kMaxFile = 16 << 20;
constexpr const char* kJinjaFile = "chat_template.jinja";

struct Free {
  void operator()(HoneTemplate* chat_template) const { hone_template_free(chat_template); }
};
using Compiled = std::unique_ptr<HoneTemplate, Free>;

Error template_error(HoneBytes error) {
  const auto [line, message] = ffi::take_error(error);
  return {.message = message, .line = std::atoi(line.c_str())};
}

Result<Compiled> compile(std::string_view jinja) {
  HoneBytes error;
  Compiled compiled(hone_template_open(ffi::text(jinja), &error));
  if (!compiled) return template_error(error);
  return compiled;
}

}  // namespace

class ChatTemplate::State {
 public:
  std::string file;        // for messages
  Compiled plain;
  Compiled with_tools;     // nullptr: the same as plain
  ordered_json variables;  // special tokens
};

namespace {

struct Sources {
  std::string file;
  std::string field;
  std::string plain;
  std::string with_tools;
};

Error config_error(const Sources& sources, const std::string& message) {
  return {.message = message, .file = sources.file, .field = sources.field};
}

// The list form: transformers takes "tool_use" where there are tools, else "default".
Result<void> read_list(const json& list, Sources& sources) {
  for (const json& entry : list) {
    if (!entry.is_object() || !entry.value("name", json()).is_string() || !entry.value("template", json()).is_string())
      return config_error(sources, "each template must be an object of the texts name and template");
    if (entry["name"] == "default") sources.plain = entry["template"];
    if (entry["name"] == "tool_use") sources.with_tools = entry["template"];
  }
  if (sources.plain.empty()) return config_error(sources, "the list has no template named default");
  return {};
}

// An empty text where the directory has no template.
Result<Sources> read_sources(const std::string& directory, const json& config) {
  Sources sources{.file = join_path(directory, kJinjaFile)};
  if (path_exists(sources.file)) {
    HONE_TRY_ASSIGN(sources.plain, read_file(sources.file, kMaxFile));
    return sources;
  }
  sources.file = join_path(directory, "tokenizer_config.json");
  sources.field = "chat_template";
  const json found = config.value("chat_template", json());
  if (found.is_string()) {
    sources.plain = found;
  } else if (found.is_array()) {
    HONE_TRY(read_list(found, sources));
  } else if (!found.is_null()) {
    return config_error(sources, "must be a text or a list of templates");
  }
  return sources;
}

}  // namespace

ChatTemplate::ChatTemplate(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChatTemplate::~ChatTemplate() = default;

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::load(const std::string& directory) {
  HONE_TRY_ASSIGN(TokenizerConfig config, read_tokenizer_config(directory));
  HONE_TRY_ASSIGN(const Sources sources, read_sources(directory, config.config));
  if (sources.plain.empty()) return std::unique_ptr<ChatTemplate>();
  const auto compile_of = [&](const std::string& source) -> Result<Compiled> {
    auto compiled = compile(source);
    if (compiled) return compiled;
    Error error = compiled.error();
    error.file = sources.file;
    error.field = sources.field;
    // A line of a text inside JSON is no line of the file.
    if (!error.field.empty() && error.line > 0) {
      error.message = str("line ", error.line, " of the template: ", error.message);
      error.line = 0;
    }
    return error;
  };
  auto state = std::make_unique<State>();
  state->file = sources.file;
  HONE_TRY_ASSIGN(state->plain, compile_of(sources.plain));
  if (!sources.with_tools.empty()) {
    HONE_TRY_ASSIGN(state->with_tools, compile_of(sources.with_tools));
  }
  state->variables = std::move(config.special_tokens);
  return std::unique_ptr<ChatTemplate>(new ChatTemplate(std::move(state)));
}

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::from_text(std::string_view jinja,
                                                              const ordered_json& special_tokens) {
  auto state = std::make_unique<State>();
  HONE_TRY_ASSIGN(state->plain, compile(jinja));
  state->variables = special_tokens;
  return std::unique_ptr<ChatTemplate>(new ChatTemplate(std::move(state)));
}

Result<std::string> ChatTemplate::render(const ordered_json& messages, const ChatOptions& options) const {
  ordered_json variables = state_->variables.is_object() ? state_->variables : ordered_json::object();
  if (!options.variables.is_null() && !options.variables.is_object())
    return Error{.message = "variables must be an object"};
  if (options.variables.is_object()) variables.update(options.variables);
  const ordered_json request = {{"messages", messages},
                                {"tools", options.tools},
                                {"add_generation_prompt", options.add_generation_prompt},
                                {"continue_final_message", options.continue_final_message},
                                {"variables", std::move(variables)}};
  std::string text;
  try {
    text = request.dump();
  } catch (const ordered_json::exception&) {
    return Error{.message = "the messages, tools or variables hold text that is not UTF-8"};
  }
  const bool with_tools = state_->with_tools && !options.tools.is_null();
  const HoneTemplate* compiled = (with_tools ? state_->with_tools : state_->plain).get();
  HoneBytes out, error;
  if (hone_template_render(compiled, ffi::text(text), &out, &error)) return ffi::take(out);
  Error result = template_error(error);
  result.file = state_->file;
  return result;
}

}  // namespace hone::policy
