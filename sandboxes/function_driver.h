// The Python program that calls a function under test.
#pragma once

#include <string_view>

namespace hone::sandboxes {

// Runs in the sandbox, in the process of the candidate, so nothing it says is trusted: it saves a candidate from
// reading and printing JSON, no more. It reads {"nonce": text, "name": "f" or "Class.f", "arguments": list} from
// descriptor 3, imports solution.py, calls the function and writes "<nonce> <the result as JSON>\n" to descriptor 4. A
// result that is no JSON value (a set, a NaN, an object, deeper than 64) is not written. What the candidate raises ends
// the process with exit code 1.
extern const std::string_view kFunctionDriver;

}  // namespace hone::sandboxes
