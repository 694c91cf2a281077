// Tokens of what a user gives, as training sees them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/json_lines.h"
#include "policy/chat_template.h"
#include "trainer/model.h"

namespace hone::cli {

// Error where there is no tokenizer.
Result<const policy::Tokenizer*> tokenizer_of(const policy::Tokenizer* tokenizer);
// Error where the model has none, or has no tokenizer.
Result<const policy::ChatTemplate*> chat_template_of(const policy::Tokenizer* tokenizer);

// What a line asks the chat template to render: "messages" and, where they are given, "tools",
// "add_generation_prompt" and "chat_template_kwargs", an object of further variables.
struct ChatLine {
  nlohmann::ordered_json messages;
  policy::ChatOptions options;
};
// The line is read again from its text: templates print objects with their members as they were written.
Result<ChatLine> read_chat(const JsonLine& line);

// The prompt of a line, one of: "prompt", encoded as in training; "messages", rendered up to where the answer begins;
// "token_ids" as they stand.
Result<std::vector<int32_t>> read_prompt(const trainer::Model& model, const JsonLine& line);

}  // namespace hone::cli
