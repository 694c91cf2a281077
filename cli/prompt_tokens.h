// Tokens of what a user gives, as training sees them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "trainer/model.h"

namespace hone::cli {

// <bos> and the text. Error where the model has no tokenizer.
Result<std::vector<int32_t>> encode_prompt(const trainer::Model& model, const std::string& text);
// The text alone.
Result<std::vector<int32_t>> encode_text(const trainer::Model& model, const std::string& text);
// The prompt of a line: encode_prompt of "prompt", or "token_ids" as they stand.
Result<std::vector<int32_t>> read_prompt(const trainer::Model& model, const nlohmann::json& line);

}  // namespace hone::cli
