// Conversations in data: lists of messages {"role": "user", "content": "…"}.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hone::trainer {

// An array of messages, each an object with the texts role and content; other members stay, members that are null do
// not (Parquet has them in every message).
using Conversation = nlohmann::json;

// Never empty. Errors name column and message: "prompt[1].content: must be a text, not null".
Result<Conversation> read_conversation(const nlohmann::json& value, const std::string& column);

// Moves the content of a last message that is the assistant's to `completion`; without one nothing changes. Error where
// that content is empty.
Result<void> split_completion(Conversation& conversation, const std::string& column, std::string& completion);

// Error unless the conversation's last message is one to be answered: not the assistant's, not the system's.
Result<void> check_asks(const Conversation& conversation, const std::string& column);

}  // namespace hone::trainer
