// What hone makes of text, for the oracle tests: one JSON request a line in, one JSON answer a line out.
//   {"load": directory}                               {"result": [vocab_size, pad, bos, eos]}
//   {"encode": text}, {"encode_prompt": text}         {"result": [tokens]}
//   {"decode": [tokens], "skip": bool}                {"result": text}
//   {"stream": [tokens], "skip": bool}                {"result": [pieces]}
//   {"template": text, "special_tokens": {}, …}       {"result": text}
//   {"render": true, …}                               {"result": text}, by the template of the directory
// … stands for messages, tools, variables, add_generation_prompt, continue_final_message. Failures: {"error": text}.
#include <iostream>

#include "base/json.h"
#include "policy/chat_template.h"
#include "policy/decode_stream.h"

namespace {

using hone::Result;
using hone::policy::ChatTemplate;
using hone::policy::ControlTokens;
using nlohmann::ordered_json;

ControlTokens control_of(const ordered_json& request) {
  return request.value("skip", false) ? ControlTokens::kLeaveOut : ControlTokens::kKeep;
}

Result<ordered_json> render(const ChatTemplate& chat_template, const ordered_json& request) {
  hone::policy::ChatOptions options;
  options.tools = request.value("tools", ordered_json());
  options.variables = request.value("variables", ordered_json());
  options.add_generation_prompt = request.value("add_generation_prompt", false);
  options.continue_final_message = request.value("continue_final_message", false);
  HONE_TRY_ASSIGN(const std::string text, chat_template.render(request["messages"], options));
  return ordered_json(text);
}

class Oracle {
 public:
  Result<ordered_json> answer(const ordered_json& request) {
    if (request.contains("load")) return load(request["load"]);
    if (request.contains("template")) {
      HONE_TRY_ASSIGN(const auto made, ChatTemplate::from_text(request["template"].get_ref<const std::string&>(),
                                                               request["special_tokens"]));
      return render(*made, request);
    }
    if (!tokenizer_) return hone::Error{.message = "nothing is loaded"};
    if (request.contains("render")) {
      if (!tokenizer_->chat_template()) return hone::Error{.message = "no template"};
      return render(*tokenizer_->chat_template(), request);
    }
    if (request.contains("stream")) return stream(request);
    if (request.contains("decode"))
      return ordered_json(tokenizer_->decode(request["decode"].get<std::vector<int32_t>>(), control_of(request)));
    const bool framed = request.contains("encode_prompt");
    const std::string text = request[framed ? "encode_prompt" : "encode"];
    HONE_TRY_ASSIGN(const auto tokens, framed ? tokenizer_->encode_prompt(text) : tokenizer_->encode(text));
    return ordered_json(tokens);
  }

 private:
  Result<ordered_json> load(const std::string& directory) {
    HONE_TRY_ASSIGN(tokenizer_, hone::policy::load_tokenizer(directory));
    return ordered_json{tokenizer_->vocab_size(), tokenizer_->pad(), tokenizer_->bos(), tokenizer_->eos()};
  }

  Result<ordered_json> stream(const ordered_json& request) const {
    hone::policy::DecodeStream stream(*tokenizer_, control_of(request));
    ordered_json pieces = ordered_json::array();
    for (const auto& token : request["stream"]) pieces.push_back(stream.push(token.get<int32_t>()));
    pieces.push_back(stream.flush());
    return pieces;
  }

  std::unique_ptr<hone::policy::Tokenizer> tokenizer_;
};

}  // namespace

int main() {
  Oracle oracle;
  for (std::string line; std::getline(std::cin, line);) {
    const auto result = oracle.answer(ordered_json::parse(line));
    const ordered_json answer =
        result ? ordered_json{{"result", *result}} : ordered_json{{"error", result.error().to_string()}};
    std::cout << answer.dump() << std::endl;
  }
}
