// A conversation in progress: commands, messages, answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/chat_conversation.h"
#include "cli/chat_decoder.h"
#include "cli/chat_terminal.h"
#include "rollout/request.h"
#include "trainer/model.h"

namespace hone::cli {

// The prompt of a message where there is no chat template.
using PlainPrompt = std::function<Result<std::string>(const std::string& message)>;

struct ChatSettings {
  policy::SamplingParams params;
  int64_t max_new_tokens = 0;  // 0: as many as there is room for
  uint64_t key = 0;            // of the random numbers
  rollout::StopRule stop;
  std::string system;
  bool think = true;  // false: the template is told enable_thinking: false
};

class ChatSession {
 public:
  // `plain` null: the model's chat template, which it has, renders the conversation. Else each message is answered by
  // itself. All references must outlive it. The model has a tokenizer.
  ChatSession(const trainer::Model& model, ChatSettings settings, PlainPrompt plain, ChatDecoder& decoder,
              ChatTerminal& terminal);

  // Talks until the input ends; the exit code.
  int run();

 private:
  struct Prompt {
    std::vector<int32_t> tokens;
    bool opened = false;  // it ends within <think>
  };
  enum class End { kStop, kInterrupted, kMaxNewTokens, kContext };
  struct Written {
    ChatAnswer answer;
    End end;
    int64_t tokens = 0;
    double seconds = 0;
  };

  void take(const std::string& line);
  void obey(const std::string& command, const std::string& argument);
  void complain(const std::string& problem);
  void begin_anew();
  void set_system(const std::string& text);
  void retry();
  void send(const std::string& question);
  Result<Prompt> make_prompt(const std::string& question) const;
  void ask();  // last_question_
  Result<void> try_ask();
  Result<Written> answer(const Prompt& prompt);
  Result<std::optional<End>> answer_token(AnswerText& text, int64_t tokens, std::string& piece);
  void report(const Written& written);

  const trainer::Model& model_;
  const ChatSettings settings_;
  const PlainPrompt plain_;
  ChatDecoder& decoder_;
  ChatTerminal& terminal_;
  std::shared_ptr<const rollout::StopTexts> stop_texts_;  // nullptr: none
  std::optional<Conversation> conversation_;              // nullopt: plain_ is used
  std::string last_question_;
  bool last_is_kept_ = false;  // last_question_ and its answer end the conversation
  uint32_t turn_ = 0, attempt_ = 0;  // with the key, the random stream of the answer
  bool failed_ = false;              // a message was not answered
};

}  // namespace hone::cli
