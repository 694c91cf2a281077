// JSON from outside: equal keys and deep nesting are errors, which nlohmann::json::parse would let pass.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace hone {

// One JSON value with nothing but space around it. Error kInvalid with `file`. Requires 1 <= max_depth.
Result<nlohmann::json> parse_json(std::string_view text, const std::string& file, int max_depth = 64);

}  // namespace hone
