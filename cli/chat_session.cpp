#include "cli/chat_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/edit_distance.h"
#include "cli/chat_display.h"
#include "cli/exit.h"
#include "cli/report_text.h"
#include "trainer/sampler.h"

namespace hone::cli {
namespace {

constexpr const char* kHelp =
    "/new             forgets the conversation\n"
    "/system [TEXT]   the message of the system from the next message on; without a text none\n"
    "/retry           another answer to the last message\n"
    "/exit            ends, as Ctrl-D does\n"
    "A message that begins with / is written with //. A line that ends with \\ goes on with the next. Ctrl-C stops an\n"
    "answer; twice without an answer in progress it ends the conversation.";

nlohmann::ordered_json variables(const ChatSettings& settings) {
  if (settings.think) return nullptr;
  return {{"enable_thinking", false}};
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

ChatSession::ChatSession(const trainer::Model& model, ChatSettings settings, PlainPrompt plain, ChatDecoder& decoder,
                         ChatTerminal& terminal)
    : model_(model),
      settings_(std::move(settings)),
      plain_(std::move(plain)),
      decoder_(decoder),
      terminal_(terminal) {
  if (!settings_.stop.texts.empty()) stop_texts_ = std::make_shared<const rollout::StopTexts>(settings_.stop.texts);
  if (plain_) return;
  conversation_.emplace(*model_.tokenizer->chat_template(), variables(settings_));
  conversation_->set_system(settings_.system);
}

int ChatSession::run() {
  bool warned = false;  // one Ctrl-C was met
  for (std::string line;;) {
    const ChatInput input = terminal_.read(line);
    if (input == ChatInput::kTerminated) return kSignalled + terminal_.termination();
    if (input == ChatInput::kEnd || (input == ChatInput::kMessage && line == "/exit")) break;
    if (input == ChatInput::kInterrupted) {
      if (std::exchange(warned, true)) return kSignalled + 2;  // SIGINT
      terminal_.clear_interrupt();
      terminal_.note("Ctrl-C once more or Ctrl-D ends the conversation");
      continue;
    }
    warned = false;
    if (input == ChatInput::kMessage && !line.empty()) take(line);
  }
  return failed_ ? kFailed : kDone;
}

void ChatSession::take(const std::string& line) {
  if (line.starts_with("//")) return send(line.substr(1));
  if (!line.starts_with("/")) return send(line);
  const size_t end = std::min(line.find(' '), line.size());
  obey(line.substr(0, end), end < line.size() ? line.substr(end + 1) : "");
}

void ChatSession::obey(const std::string& command, const std::string& argument) {
  if (command == "/system") return set_system(argument);
  if (command == "/retry") return retry();
  if (command == "/help") return terminal_.note("commands\n" + std::string(kHelp));
  if (command == "/new") return begin_anew();
  const std::string meant = did_you_mean(command, {"/new", "/system", "/retry", "/help", "/exit"});
  complain(str("there is no command ", command, meant, "; a message that begins with / is written with //"));
}

void ChatSession::complain(const std::string& problem) {
  failed_ = true;
  terminal_.note(problem);
}

void ChatSession::begin_anew() {
  if (conversation_) conversation_->turns().clear();
  last_is_kept_ = false;
  terminal_.note("a new conversation");
}

void ChatSession::set_system(const std::string& text) {
  if (!conversation_) return complain("without a chat template there is no message of the system");
  conversation_->set_system(text);
  terminal_.note(text.empty() ? "no message of the system" : "it holds from the next message on");
}

void ChatSession::retry() {
  if (last_question_.empty()) return complain("there is no message to answer again");
  if (std::exchange(last_is_kept_, false) && conversation_) conversation_->turns().pop_back();
  ++attempt_;
  ask();
}

void ChatSession::send(const std::string& question) {
  last_question_ = question;
  last_is_kept_ = false;
  ++turn_;
  attempt_ = 0;
  ask();
}

void ChatSession::ask() {
  const Result<void> asked = try_ask();
  if (!asked.ok()) complain(asked.error().to_string());
}

Result<ChatSession::Prompt> ChatSession::make_prompt(const std::string& question) const {
  Prompt prompt;
  std::string text;
  if (conversation_) {
    HONE_TRY_ASSIGN(text, conversation_->prompt(question));
    HONE_TRY_ASSIGN(prompt.tokens, model_.tokenizer->encode(text));
  } else {
    HONE_TRY_ASSIGN(text, plain_(question));
    HONE_TRY_ASSIGN(prompt.tokens, trainer::encode_prompt(*model_.tokenizer, text));
  }
  prompt.opened = opens_reasoning(text);
  const auto length = static_cast<int64_t>(prompt.tokens.size());
  if (length == 0) return Error{.message = "not sent: it makes no token"};
  if (length < decoder_.context()) return prompt;
  return Error{.message = str("not sent: with this message the conversation has ", length, " tokens, and ",
                              decoder_.context(), " is the most, the answer included; /new begins a new one")};
}

Result<void> ChatSession::try_ask() {
  HONE_TRY_ASSIGN(const Prompt prompt, make_prompt(last_question_));
  terminal_.clear_interrupt();
  HONE_TRY_ASSIGN(Written written, answer(prompt));
  report(written);
  terminal_.clear_interrupt();
  if (written.answer.text.empty() || !conversation_) return {};
  conversation_->turns().push_back({last_question_, std::move(written.answer)});
  last_is_kept_ = true;
  return {};
}

Result<ChatSession::Written> ChatSession::answer(const Prompt& prompt) {
  Written written{.answer = {.opened = prompt.opened}, .end = End::kInterrupted};
  if (!decoder_.replace(prompt.tokens, terminal_.interrupted())) return written;
  ChatDisplay display(terminal_, prompt.opened);
  AnswerText text(*model_.tokenizer, stop_texts_);
  const double start = now();
  std::optional<End> end;
  while (!end) {
    std::string piece;
    HONE_TRY_ASSIGN(end, answer_token(text, ++written.tokens, piece));
    display.write(piece);
  }
  display.write(text.finish());
  display.finish();
  written.answer.text = text.text();
  written.end = *end;
  written.seconds = now() - start;
  return written;
}

// The `tokens`-th token of the answer: draws it, gives its text, and says whether it ends the answer.
Result<std::optional<ChatSession::End>> ChatSession::answer_token(AnswerText& text, int64_t tokens,
                                                                  std::string& piece) {
  policy::DrawRequest request;
  request.key = settings_.key;
  request.serial = turn_;
  request.sample = attempt_;
  request.params = settings_.params;
  HONE_TRY_ASSIGN(const int32_t token, decoder_.draw(request));
  if (std::ranges::count(settings_.stop.tokens, token) > 0) return std::optional(End::kStop);
  piece = text.push(token);
  if (text.stopped()) return std::optional(End::kStop);
  if (terminal_.interrupted()) return std::optional(End::kInterrupted);
  if (tokens == settings_.max_new_tokens) return std::optional(End::kMaxNewTokens);
  if (decoder_.length() + 1 == decoder_.context()) return std::optional(End::kContext);
  decoder_.append(token);
  return std::optional<End>();
}

void ChatSession::report(const Written& written) {
  if (written.end == End::kInterrupted) terminal_.note("stopped");
  if (written.end == End::kMaxNewTokens) terminal_.note(str("cut after ", written.tokens, " tokens, --max-new-tokens"));
  if (written.end == End::kContext) {
    terminal_.note(str("cut: the conversation has all of its ", decoder_.context(), " tokens; /new begins a new one"));
  }
  if (terminal_.asks() && terminal_.shows() && written.seconds > 0) {
    terminal_.note(str(written.tokens, " tokens, ", fixed(static_cast<double>(written.tokens) / written.seconds, 1),
                       " a second; ", decoder_.computed_tokens(), " of the prompt computed"));
  }
}

}  // namespace hone::cli
