// JSON from outside: strict, and safe to walk and print afterwards.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"

namespace hone {

// Levels of arrays and objects that parse_json accepts. Printing recurses, so unbounded depth would overflow the stack.
inline constexpr int kMaxJsonDepth = 128;

// One JSON value, all of text. Error kInvalid, with the byte where it has one: malformed text or UTF-8, a number beyond
// double, a key twice in one object, too many levels.
Result<nlohmann::json> parse_json(std::string_view text);

}  // namespace hone
