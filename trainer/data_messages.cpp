#include "trainer/data_messages.h"

namespace hone::trainer {
namespace {

using nlohmann::json;

constexpr const char* kAssistant = "assistant";

Error message_error(const std::string& column, size_t index, const std::string& member, const std::string& message) {
  return {.message = message, .field = str(column, "[", index, "]", member)};
}

Result<json> read_message(const json& value, const std::string& column, size_t index) {
  if (!value.is_object())
    return message_error(column, index, "", str("must be a message with role and content, not ", value.type_name()));
  for (const char* member : {"role", "content"}) {
    const auto found = value.find(member);
    if (found == value.end()) return message_error(column, index, str(".", member), "is missing");
    if (!found->is_string())
      return message_error(column, index, str(".", member), str("must be a text, not ", found->type_name()));
  }
  json message = json::object();
  for (const auto& [member, content] : value.items())
    if (!content.is_null()) message[member] = content;
  return message;
}

}  // namespace

Result<Conversation> read_conversation(const json& value, const std::string& column) {
  Conversation out = Conversation::array();
  for (size_t i = 0; i < value.size(); ++i) {
    HONE_TRY_ASSIGN(json message, read_message(value[i], column, i));
    out.push_back(std::move(message));
  }
  if (out.empty()) return Error{.message = "has no messages", .field = column};
  return out;
}

Result<void> split_completion(Conversation& conversation, const std::string& column, std::string& completion) {
  const Conversation& last = conversation.back();
  if (last["role"] != kAssistant) return {};
  completion = last["content"].get<std::string>();
  if (completion.empty()) return message_error(column, conversation.size() - 1, ".content", "is empty");
  conversation.erase(conversation.size() - 1);
  return {};
}

Result<void> check_asks(const Conversation& conversation, const std::string& column) {
  if (conversation.empty()) return Error{.message = "has nothing before the answer", .field = column};
  const std::string role = conversation.back()["role"].get<std::string>();
  if (role != kAssistant && role != "system") return {};
  return message_error(column, conversation.size() - 1, ".role",
                       "is " + role + "; the last message must be one to be answered");
}

}  // namespace hone::trainer
