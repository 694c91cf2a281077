// The answer of a function under test: JSON that the driver wrote inside the sandbox, so text from a hostile program.
#pragma once

#include <string_view>

#include "sandboxes/compare.h"
#include "sandboxes/judge_json.h"

namespace hone::sandboxes {

// Whether `answer` is one JSON value equal to the expected one. Lists in order; objects by key, no key twice; booleans
// are no numbers. Two integers must be the same, of any length; two other numbers must have the same value, a number
// with a point that of its double, or be within the tolerance. One pass over the answer, of which nothing is kept.
bool answer_matches(std::string_view answer, const JsonValue& expected, const Tolerance& tolerance);

}  // namespace hone::sandboxes
