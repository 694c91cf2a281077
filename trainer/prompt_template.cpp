#include "trainer/prompt_template.h"

#include "policy/chat_template.h"
#include "trainer/data_messages.h"

namespace hone::trainer {
namespace {

constexpr std::string_view kPlaceholder = "{prompt}";

// Guo et al., "DeepSeek-R1: Incentivizing Reasoning Capability in LLMs via Reinforcement Learning", table 1.
constexpr std::string_view kR1Zero =
    "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant "
    "first thinks about the reasoning process in the mind and then provides the user with the answer. The reasoning "
    "process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., <think> "
    "reasoning process here </think> <answer> answer here </answer>. User: {prompt}. Assistant:";

Error no_chat_template(const std::string& why) {
  return {.message = "the policy's tokenizer has no chat template, which " + why + " needs", .field = "template"};
}

std::string_view text_of(std::string_view name) {
  if (name == kR1ZeroTemplate) return kR1Zero;
  return name == kNoTemplate ? kPlaceholder : name;
}

Result<std::string> single_question(const std::string& text) {
  const Conversation messages = Conversation::parse(text, nullptr, false);
  HONE_CHECK(messages.is_array() && !messages.empty(), "no conversation: ", text);
  if (messages.size() == 1 && messages[0]["role"] == "user") return messages[0]["content"].get<std::string>();
  return Error{.message = str("is a conversation of ", messages.size(), " messages; only template: chat can render it"),
               .field = "prompt"};
}

}  // namespace

std::string template_problem(const std::string& text) {
  for (const std::string_view name : {kAutoTemplate, kNoTemplate, kR1ZeroTemplate, kChatTemplate})
    if (text == name) return "";
  const size_t place = text.find(kPlaceholder);
  const bool once = place != std::string::npos && text.find(kPlaceholder, place + 1) == std::string::npos;
  return once ? "" : "must be auto, none, r1_zero, chat, or a text that holds {prompt} once, not '" + text + "'";
}

std::string resolve_template(const std::string& text, bool from_scratch, bool is_task,
                             const policy::Tokenizer& tokenizer) {
  if (text != kAutoTemplate) return text;
  if (from_scratch) return std::string(kNoTemplate);
  if (tokenizer.chat_template() != nullptr) return std::string(kChatTemplate);
  return std::string(is_task ? kNoTemplate : kR1ZeroTemplate);
}

Result<PromptTemplate> PromptTemplate::make(const std::string& text,
                                            std::shared_ptr<const policy::Tokenizer> tokenizer) {
  HONE_CHECK(text != kAutoTemplate, "resolve_template comes first");
  if (std::string problem = template_problem(text); !problem.empty())
    return Error{.message = std::move(problem), .field = "template"};
  PromptTemplate out;
  if (text == kChatTemplate) {
    if (tokenizer == nullptr || tokenizer->chat_template() == nullptr) return no_chat_template("template: chat");
    out.chat_ = std::move(tokenizer);
    return out;
  }
  const std::string_view whole = text_of(text);
  const size_t place = whole.find(kPlaceholder);
  out.before_ = whole.substr(0, place);
  out.after_ = whole.substr(place + kPlaceholder.size());
  return out;
}

Result<void> PromptTemplate::render(const std::string& question, bool is_conversation, rl::Problem& problem) const {
  problem.is_chat = chat_ != nullptr && !question.empty();
  if (question.empty()) return problem.prompt.clear(), Result<void>();
  if (chat_ == nullptr) {
    std::string text = question;
    if (is_conversation) {
      HONE_TRY_ASSIGN(text, single_question(question));
    }
    problem.prompt = before_ + text + after_;
    return {};
  }
  auto messages = nlohmann::ordered_json::array();
  if (is_conversation) messages = nlohmann::ordered_json::parse(question, nullptr, false);
  else messages.push_back({{"role", "user"}, {"content", question}});
  HONE_TRY_ASSIGN(problem.prompt, chat_->chat_template()->render(messages, {.add_generation_prompt = true}));
  return {};
}

Result<std::vector<int32_t>> encode_prompt(const policy::Tokenizer& tokenizer, const rl::Problem& problem) {
  return problem.is_chat ? tokenizer.encode(problem.prompt) : tokenizer.encode_prompt(problem.prompt);
}

}  // namespace hone::trainer
