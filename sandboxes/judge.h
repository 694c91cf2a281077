// Judges a program: runs it on every test in a sandbox and compares what it wrote with what was expected. Expected
// outputs never enter the sandbox.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sandboxes/compare.h"
#include "sandboxes/judge_cache.h"
#include "sandboxes/languages.h"
#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

// Of a test the first that applies, in the order kInfra, a limit, kRuntimeError (a signal, or an exit code not 0), the
// comparison. Of a program that of its first test that is not accepted.
enum class JudgeVerdict {
  kAccepted, kWrongAnswer, kRuntimeError, kCpuLimit, kWallLimit, kMemoryLimit, kOutputLimit, kCompileError,
  kInfra,    // the sandbox failed, three times
  kSkipped,  // of tests that were not run
};
std::string_view to_string(JudgeVerdict verdict);

// With a function both are JSON texts: a list of arguments, and a value.
struct JudgeTest {
  std::shared_ptr<const std::string> input, output;
};

// A function of a Python program: its name, or "Class.method".
struct FunctionCall {
  std::string name;
  bool unwrap = false;  // an expected list of one value also stands for that value
};

struct JudgeRequest {
  Program program;
  std::vector<JudgeTest> tests;  // at least one
  Limits limits;                 // of each test
  std::optional<double> total_wall_seconds;  // of all tests together
  bool stop_at_first_failure = true;
  bool share = false;  // the score is passed / total; else 1 or 0
  CompareOptions compare;
  // Decides instead of `compare`: run with the files input, output, answer as arguments and the output as stdin. Exit
  // codes of testlib (0; 1, 2, 7) and of Kattis (42; 43); any other end is kInfra.
  std::optional<Program> checker;
  std::optional<FunctionCall> function;
};

struct TestResult {
  JudgeVerdict verdict = JudgeVerdict::kSkipped;
  double cpu_seconds = 0, wall_seconds = 0, memory_mib = 0;
  std::optional<int> exit_code, signal;
  std::string reason;
};

struct JudgeResult {
  JudgeVerdict verdict = JudgeVerdict::kInfra;
  std::optional<double> score;  // none where the sandbox failed in a test that counts
  int64_t passed = 0;
  std::vector<TestResult> tests;  // one for each of the request
  std::string reason;             // one line for people; never holds an expected output
};

// The keys of `hone judge` (README); keys it does not know are errors where one that it knows is near, else the user's
// own. Errors name the key.
Result<JudgeRequest> parse_judge_request(std::string_view json);
nlohmann::ordered_json to_json(const JudgeResult& result);

// Threads share a judge: each call runs one program, and so takes one slot of the sandbox at a time.
class Judge {
 public:
  explicit Judge(std::shared_ptr<Sandbox> sandbox) : sandbox_(std::move(sandbox)), builder_(sandbox_) {}

  // Equal requests are judged once: their results are kept, except kInfra, and who asks meanwhile waits.
  JudgeResult judge(const JudgeRequest& request);
  // Forgets results and binaries.
  void clear();

 private:
  JudgeResult judge_afresh(const JudgeRequest& request);

  const std::shared_ptr<Sandbox> sandbox_;
  Builder builder_;
  OnceCache<JudgeResult> results_{int64_t{64} << 20};
};

}  // namespace hone::sandboxes
