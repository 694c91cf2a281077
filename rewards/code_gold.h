// The tests of a programming problem as data sets write them.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "sandboxes/judge.h"

namespace hone::rewards {

// What is put around the program that was found.
struct CodeFrame {
  std::string prefix, suffix;
};

struct CodeProblem {
  sandboxes::JudgeRequest request;  // without a source
  CodeFrame frame;
};

// Reads a gold into `defaults`; what the gold says goes before. The gold is one of
//   {"tests": [{"input", "output"}], and as `hone judge`: "language", "limits", "stop", "score", "compare", "function";
//    "prefix", "suffix"}
//   [{"input", "output"}]                                   tests alone
//   [{"input", "output", "testtype": "stdin"}]              LiveCodeBench; "functional" needs {"tests", "function"}
//   {"inputs": [...], "outputs": [...], "fn_name"?}         APPS, TACO, PRIME
// or a text that holds the JSON of one of them, in which integers may have any length. At most max_tests tests are
// taken, the first ones; 0 means all. Tests that are code (assertions) are refused: they would run in the process that
// they judge.
Result<CodeProblem> read_code_gold(const nlohmann::json& gold, CodeProblem defaults, int64_t max_tests);

}  // namespace hone::rewards
