#include "sandboxes/judge.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "base/file.h"
#include "sandboxes/function_driver.h"
#include "sandboxes/judge_answer.h"

namespace hone::sandboxes {
namespace {

constexpr std::array<std::string_view, 10> kVerdicts = {
    "accepted",     "wrong_answer", "runtime_error", "cpu_limit", "wall_limit",
    "memory_limit", "output_limit", "compile_error", "infra",     "skipped"};

// Not from base/philox.h: the program must not be able to guess it, and no result depends on it.
std::string make_nonce() {
  std::array<std::byte, 16> bytes{};
  HONE_CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "getrandom failed");
  return to_hex(bytes);
}

JudgeVerdict verdict_of(const RunResult& run) {
  switch (run.ending) {
    case Ending::kInfra: return JudgeVerdict::kInfra;
    case Ending::kCpuLimit: return JudgeVerdict::kCpuLimit;
    case Ending::kWallLimit: return JudgeVerdict::kWallLimit;
    case Ending::kMemoryLimit: return JudgeVerdict::kMemoryLimit;
    case Ending::kOutputLimit: return JudgeVerdict::kOutputLimit;
    case Ending::kSignalled: return JudgeVerdict::kRuntimeError;
    case Ending::kExited: return run.code == 0 ? JudgeVerdict::kAccepted : JudgeVerdict::kRuntimeError;
  }
  return JudgeVerdict::kInfra;
}

std::string describe(const RunResult& run, const Limits& limits) {
  switch (run.ending) {
    case Ending::kInfra: return run.reason;
    case Ending::kCpuLimit: return str("more than ", limits.cpu_seconds, " s of CPU time");
    case Ending::kWallLimit: return str("more than ", limits.wall_seconds, " s");
    case Ending::kMemoryLimit: return str("more than ", limits.memory_mib, " MiB of memory");
    case Ending::kOutputLimit: return str("more than ", limits.output_mib, " MiB of output");
    case Ending::kSignalled: return str("killed by signal ", run.code);
    case Ending::kExited: return str("exit code ", run.code);
  }
  return "";
}

// All but the comparison.
TestResult result_of(const RunResult& run, const Limits& limits) {
  TestResult result{.verdict = verdict_of(run), .cpu_seconds = run.cpu_seconds, .wall_seconds = run.wall_seconds,
                    .memory_mib = run.memory_mib};
  if (run.ending == Ending::kExited) result.exit_code = run.code;
  if (run.ending == Ending::kSignalled) result.signal = run.code;
  if (result.verdict != JudgeVerdict::kAccepted) result.reason = describe(run, limits);
  return result;
}

std::shared_ptr<const std::string> share(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// Runs the tests of one program, one after the other.
class Tester {
 public:
  Tester(Sandbox& sandbox, const JudgeRequest& request, Executable program, std::optional<Executable> checker)
      : sandbox_(sandbox), request_(request), program_(std::move(program)), checker_(std::move(checker)) {}

  std::vector<TestResult> run() {
    std::vector<TestResult> results(request_.tests.size());
    double left = request_.total_wall_seconds.value_or(std::numeric_limits<double>::infinity());
    for (size_t i = 0; i < results.size(); ++i) {
      results[i] = left > 0 ? run_test(request_.tests[i], left)
                            : TestResult{.verdict = JudgeVerdict::kWallLimit, .reason = "total_wall_seconds are used"};
      left -= results[i].wall_seconds;
      const bool failed = results[i].verdict != JudgeVerdict::kAccepted;
      if (failed && (request_.stop_at_first_failure || left <= 0)) break;
    }
    return results;
  }

 private:
  TestResult run_test(const JudgeTest& test, double seconds_left) {
    RunRequest run{
        .runner = program_.runner, .argv = program_.argv, .files = program_.files, .limits = request_.limits};
    run.limits.wall_seconds = std::min(run.limits.wall_seconds, seconds_left);
    return request_.function ? run_function(test, std::move(run)) : run_program(test, std::move(run));
  }

  TestResult run_program(const JudgeTest& test, RunRequest run) {
    run.input = test.input;
    RunResult ended = run_with_retries(sandbox_, run);
    TestResult result = result_of(ended, run.limits);
    if (result.verdict != JudgeVerdict::kAccepted) return result;
    if (checker_) return ask_checker(test, share(std::move(ended.out)), std::move(result));
    const Comparison compared = compare_outputs(ended.out, *test.output, request_.compare);
    if (!compared.equal) refuse(result, compared.reason);
    return result;
  }

  TestResult run_function(const JudgeTest& test, RunRequest run) {
    static const auto driver = share(std::string(kFunctionDriver));
    constexpr const char* kDriver = "hone_driver.py";
    const std::string nonce = make_nonce();
    run.argv = {kDriver};
    run.files.push_back({kDriver, driver});
    run.channel = share(str(R"({"nonce":")", nonce, R"(","name":")", request_.function->name, R"(","arguments":)",
                            *test.input, "}"));
    const RunResult ended = run_with_retries(sandbox_, run);
    TestResult result = result_of(ended, run.limits);
    if (result.verdict != JudgeVerdict::kAccepted) return result;
    std::string_view answer = ended.channel;
    if (!answer.starts_with(nonce + " ")) return refuse(result, "the function returned no JSON value"), result;
    answer.remove_prefix(nonce.size() + 1);
    if (!is_expected(answer, *test.output)) refuse(result, "another value than expected");
    return result;
  }

  bool is_expected(std::string_view answer, const std::string& output) const {
    const Result<JsonValue> expected = parse_json_value(output);
    HONE_CHECK(expected.ok(), "the expected value is no JSON");
    const Tolerance tolerance =
        request_.compare.mode == CompareMode::kFloats ? request_.compare.tolerance : Tolerance{};
    if (answer_matches(answer, *expected, tolerance)) return true;
    return request_.function->unwrap && expected->items.size() == 1 &&
           answer_matches(answer, expected->items.front(), tolerance);
  }

  TestResult ask_checker(const JudgeTest& test, const std::shared_ptr<const std::string>& output, TestResult result) {
    constexpr const char *kInput = "input", *kOutput = "output", *kAnswer = "answer";
    RunRequest run{.runner = checker_->runner, .argv = checker_->argv, .files = checker_->files};
    run.argv.insert(run.argv.end(), {kInput, kOutput, kAnswer});
    run.files.insert(run.files.end(), {{kInput, test.input}, {kOutput, output}, {kAnswer, test.output}});
    run.input = output;
    run.limits.cpu_seconds = std::max(10.0, request_.limits.cpu_seconds);
    run.limits.wall_seconds = std::max(30.0, request_.limits.wall_seconds);
    const RunResult ended = run_with_retries(sandbox_, run);
    constexpr std::array kAccepts = {0, 42};
    constexpr std::array kRefuses = {1, 2, 7, 43};
    const bool exited = ended.ending == Ending::kExited;
    if (exited && std::ranges::count(kAccepts, ended.code) > 0) return result;
    if (exited && std::ranges::count(kRefuses, ended.code) > 0) return refuse(result, "refused by the checker"), result;
    result.verdict = JudgeVerdict::kInfra;
    result.reason = "the checker failed: " + describe(ended, run.limits);
    return result;
  }

  static void refuse(TestResult& result, std::string reason) {
    result.verdict = JudgeVerdict::kWrongAnswer;
    result.reason = std::move(reason);
  }

  Sandbox& sandbox_;
  const JudgeRequest& request_;
  const Executable program_;
  const std::optional<Executable> checker_;
};

auto has(JudgeVerdict verdict) {
  return [verdict](const TestResult& test) { return test.verdict == verdict; };
}

JudgeResult summarize(const JudgeRequest& request, std::vector<TestResult> tests) {
  JudgeResult result{.verdict = JudgeVerdict::kAccepted, .tests = std::move(tests)};
  result.passed = std::ranges::count_if(result.tests, has(JudgeVerdict::kAccepted));
  const auto failed = std::ranges::find_if_not(result.tests, has(JudgeVerdict::kAccepted));
  if (failed != result.tests.end()) {
    result.verdict = failed->verdict;
    result.reason = str("test ", failed - result.tests.begin() + 1, ": ", failed->reason);
  }
  const double share = static_cast<double>(result.passed) / static_cast<double>(result.tests.size());
  const bool unknown = result.verdict == JudgeVerdict::kInfra ||
                       (request.share && std::ranges::any_of(result.tests, has(JudgeVerdict::kInfra)));
  if (!unknown) result.score = request.share ? share : share == 1 ? 1 : 0;
  return result;
}

JudgeResult refused(const JudgeRequest& request, const Build& build, std::string_view what) {
  JudgeResult result{.tests = std::vector<TestResult>(request.tests.size()), .reason = str(what, build.reason)};
  if (build.outcome == Build::Outcome::kCompileError && what.empty()) {
    result.verdict = JudgeVerdict::kCompileError;
    result.score = 0;
  }
  return result;
}

void update(Sha256& hash, const Program& program) {
  hash.update_string(to_string(program.language));
  hash.update_string(*program.source);
}

Digest request_key(const JudgeRequest& request) {
  Sha256 hash;
  update(hash, request.program);
  hash.update_u64(request.tests.size());
  for (const JudgeTest& test : request.tests) {
    hash.update_string(*test.input);
    hash.update_string(*test.output);
  }
  const Limits& limits = request.limits;
  const CompareOptions& compare = request.compare;
  hash.update_string(str(std::hexfloat, limits.cpu_seconds, ' ', limits.wall_seconds, ' ', limits.memory_mib, ' ',
                         limits.output_mib, ' ', limits.files_mib, ' ', limits.processes, ' ',
                         request.total_wall_seconds.value_or(0), ' ', request.stop_at_first_failure, request.share, ' ',
                         static_cast<int>(compare.mode), compare.case_sensitive, ' ', compare.tolerance.absolute, ' ',
                         compare.tolerance.relative));
  if (request.checker) update(hash, *request.checker);
  hash.update_string(request.function ? str("function ", request.function->unwrap, request.function->name) : "");
  return hash.finish();
}

}  // namespace

std::string_view to_string(JudgeVerdict verdict) { return kVerdicts[static_cast<size_t>(verdict)]; }

JudgeResult Judge::judge(const JudgeRequest& request) {
  return results_.get(request_key(request), [&]() -> OnceCache<JudgeResult>::Made {
    JudgeResult result = judge_afresh(request);
    const bool keep = result.score && std::ranges::none_of(result.tests, has(JudgeVerdict::kInfra));
    constexpr size_t kBookkeeping = 512;
    const size_t bytes = kBookkeeping + result.tests.size() * sizeof(TestResult);
    return {std::move(result), keep ? static_cast<int64_t>(bytes) : -1};
  });
}

JudgeResult Judge::judge_afresh(const JudgeRequest& request) {
  Build program = builder_.build(request.program);
  if (program.outcome != Build::Outcome::kReady) return refused(request, program, "");
  std::optional<Executable> checker;
  if (request.checker) {
    Build built = builder_.build(*request.checker);
    if (built.outcome != Build::Outcome::kReady) return refused(request, built, "the checker: ");
    checker = std::move(built.executable);
  }
  return summarize(request, Tester(*sandbox_, request, std::move(program.executable), std::move(checker)).run());
}

void Judge::clear() {
  results_.clear();
  builder_.clear();
}

nlohmann::ordered_json to_json(const JudgeResult& result) {
  auto tests = nlohmann::ordered_json::array();
  for (const TestResult& test : result.tests) {
    nlohmann::ordered_json one = {{"verdict", to_string(test.verdict)}};
    if (test.verdict != JudgeVerdict::kSkipped) {
      one["cpu_seconds"] = test.cpu_seconds;
      one["wall_seconds"] = test.wall_seconds;
      one["memory_mib"] = test.memory_mib;
    }
    if (test.exit_code) one["exit_code"] = *test.exit_code;
    if (test.signal) one["signal"] = *test.signal;
    tests.push_back(std::move(one));
  }
  nlohmann::ordered_json json = {{"verdict", to_string(result.verdict)}};
  json["score"] = result.score ? nlohmann::ordered_json(*result.score) : nlohmann::ordered_json();
  json["passed"] = result.passed;
  json["total"] = result.tests.size();
  json["tests"] = std::move(tests);
  json["reason"] = result.reason;
  return json;
}

}  // namespace hone::sandboxes
