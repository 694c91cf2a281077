#include "cli/chat_conversation.h"

#include <utility>

#include "cli/chat_text.h"

namespace hone::cli {
namespace {

using nlohmann::ordered_json;

ordered_json message(const char* role, std::string content) {
  return {{"role", role}, {"content", std::move(content)}};
}

struct Split {
  std::string reasoning, answer;
  bool closed = true;
};

Split split(const ChatAnswer& answer) {
  ReasoningSplitter splitter(answer.opened);
  Split out;
  bool reasoning = answer.opened;
  const auto add = [&](const std::vector<AnswerPart>& parts) {
    for (const AnswerPart& part : parts) {
      (part.reasoning ? out.reasoning : out.answer) += part.text;
      reasoning = part.reasoning;
    }
  };
  add(splitter.read(answer.text));
  add(splitter.finish());
  out.closed = !reasoning || answer.text.find(kCloseThink) != std::string::npos;
  return out;
}

std::string without_newlines_around(const std::string& text) {
  const size_t begin = text.find_first_not_of('\n');
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of('\n') + 1 - begin);
}

}  // namespace

Conversation::Conversation(const policy::ChatTemplate& chat, ordered_json variables)
    : chat_(chat), variables_(std::move(variables)), reasoning_apart_(knows_reasoning()) {}

// Whether an answer's reasoning_content is shown anywhere; templates drop that of turns before the last question.
bool Conversation::knows_reasoning() const {
  constexpr const char* kMark = "reasoning-7c31";
  ordered_json answer = message("assistant", "answer");
  answer["reasoning_content"] = kMark;
  const auto rendered = render({message("user", "question"), answer}, false);
  return rendered.ok() && rendered->find(kMark) != std::string::npos;
}

ordered_json Conversation::message_of(const ChatAnswer& answer) const {
  const Split parts = split(answer);
  if (reasoning_apart_) {
    ordered_json out = message("assistant", without_newlines_around(parts.answer));
    if (!parts.reasoning.empty()) out["reasoning_content"] = without_newlines_around(parts.reasoning);
    return out;
  }
  std::string content = answer.opened ? std::string(kOpenThink) + "\n" : "";
  content += answer.text;
  // An answer that was stopped while it reasoned: templates look for the closing tag to know the reasoning by.
  if (!parts.closed) content.append("\n").append(kCloseThink).append("\n\n");
  return message("assistant", std::move(content));
}

Result<std::string> Conversation::prompt(const std::string& question) const {
  ordered_json messages = ordered_json::array();
  if (!system_.empty()) messages.push_back(message("system", system_));
  for (const ChatTurn& turn : turns_) {
    messages.push_back(message("user", turn.question));
    messages.push_back(message_of(turn.answer));
  }
  messages.push_back(message("user", question));
  return render(messages, true);
}

Result<std::string> Conversation::render(const ordered_json& messages, bool add_generation_prompt) const {
  policy::ChatOptions options;
  options.variables = variables_;
  options.add_generation_prompt = add_generation_prompt;
  return chat_.render(messages, options);
}

}  // namespace hone::cli
