// How the question of a problem becomes the text that the policy continues, and that text its tokens: one way for
// training, evaluation, checks and the command line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/tokenizer.h"
#include "rl/types.h"
#include "trainer/data_format.h"

namespace hone::trainer {

// A run file's `template`: one of these names, or a text that holds {prompt} once.
inline constexpr std::string_view kAutoTemplate = "auto", kNoTemplate = "none", kR1ZeroTemplate = "r1_zero",
                                  kChatTemplate = "chat";

// Empty, or what is wrong with the text as a template.
std::string template_problem(const std::string& text);

// What `auto` stands for: none for a policy made from scratch; chat where the tokenizer has a chat template; else none
// for generated problems and r1_zero for those of a file.
std::string resolve_template(const std::string& text, bool from_scratch, bool is_task,
                             const policy::Tokenizer& tokenizer);

// A value that threads may share.
class PromptTemplate {
 public:
  PromptTemplate() = default;  // none
  // Not auto. Error for a text that is no template, and for chat with a tokenizer that has no chat template.
  static Result<PromptTemplate> make(const std::string& text, std::shared_ptr<const policy::Tokenizer> tokenizer);

  // Fills prompt and is_chat. A text becomes one message of the user under chat; a conversation goes through the chat
  // template, up to where the assistant's answer begins, or is its text where it is one message of the user and the
  // template is another. An empty text stays empty: nothing is asked. Error: the conversation cannot be rendered so.
  Result<void> render(const std::string& question, bool is_conversation, rl::Problem& problem) const;

 private:
  std::string before_, after_;  // the prompt
  std::shared_ptr<const policy::Tokenizer> chat_;  // null: a text template
};

// The tokens of a rendered prompt. A chat template writes its own control tokens; before other text stands what the
// tokenizer puts before a text, such as <bos>.
Result<std::vector<int32_t>> encode_prompt(const policy::Tokenizer& tokenizer, const rl::Problem& problem);

}  // namespace hone::trainer
