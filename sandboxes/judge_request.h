// Requests of the judge as JSON.
#pragma once

#include "sandboxes/judge.h"
#include "sandboxes/judge_json.h"

namespace hone::sandboxes {

// Sets what the keys of the object say and leaves the rest of the request as it is: language, source, tests, limits,
// stop, score, compare, function. Where "score" is "share" and "stop" is not given, all tests are run. Errors name the
// key. Requires an object.
Result<void> read_judge_keys(const JsonValue& object, JudgeRequest& request);

// The same of its parts. read_tests wants request.function to be set before.
Result<void> read_limits(const JsonValue& limits, JudgeRequest& request);
Result<void> read_compare(const JsonValue& compare, JudgeRequest& request);
Result<void> read_tests(const JsonValue& tests, JudgeRequest& request);
Result<void> read_function(const JsonValue& function, JudgeRequest& request);

// Whether the request is whole and its parts fit together.
Result<void> check_request(const JudgeRequest& request);

// Error for a key that is misspelt: not in `known`, but near one that is.
Result<void> refuse_misspelt(const JsonValue& object, const std::vector<std::string>& known);

}  // namespace hone::sandboxes
