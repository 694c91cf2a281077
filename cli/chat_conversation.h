// What was said, and the prompt that it makes for the next answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/chat_template.h"

namespace hone::cli {

// An answer as the policy wrote it.
struct ChatAnswer {
  std::string text;     // from the end of the prompt on, stop text left out
  bool opened = false;  // the prompt ended within <think>
};

struct ChatTurn {
  std::string question;
  ChatAnswer answer;
};

// The messages of a conversation as chat templates expect them.
class Conversation {
 public:
  // `variables` go to the template, such as {"enable_thinking": false}. The template must outlive it.
  Conversation(const policy::ChatTemplate& chat, nlohmann::ordered_json variables);

  void set_system(std::string text) { system_ = std::move(text); }  // "": no message of the system
  const std::string& system() const { return system_; }
  std::vector<ChatTurn>& turns() { return turns_; }

  // The whole conversation and the question, up to where the answer begins. Old reasoning is left to the template:
  // one that knows the member reasoning_content gets it there, any other in the content, as the policy wrote it.
  Result<std::string> prompt(const std::string& question) const;

 private:
  nlohmann::ordered_json message_of(const ChatAnswer& answer) const;
  Result<std::string> render(const nlohmann::ordered_json& messages, bool add_generation_prompt) const;
  bool knows_reasoning() const;

  const policy::ChatTemplate& chat_;
  const nlohmann::ordered_json variables_;
  const bool reasoning_apart_;
  std::string system_;
  std::vector<ChatTurn> turns_;
};

}  // namespace hone::cli
