#include "rewards/code_checker.h"

#include <algorithm>
#include <array>

#include "sandboxes/remote_judge.h"

namespace hone::rewards {
namespace {

using rl::Verdict;
using sandboxes::JudgeResult;
using sandboxes::JudgeVerdict;

const std::vector<std::string> kModes = {"tokens", "lines", "exact", "floats", "set_of_lines"};
const std::vector<std::string> kExtracts = {"auto", "fenced", "answer", "all"};

size_t index_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<size_t>(std::ranges::find(names, name) - names.begin());
}

CheckResult failed(Verdict verdict, std::string reason) { return {.verdict = verdict, .reason = std::move(reason)}; }

void grade(const JudgeResult& judged, CheckResult& result) {
  if (!judged.score) {
    result.verdict = Verdict::kInfra;
    result.reason = judged.reason;
    return;
  }
  const bool accepted = judged.verdict == JudgeVerdict::kAccepted;
  result.verdict = accepted ? Verdict::kCorrect : Verdict::kWrong;
  result.score = *judged.score;
  if (!accepted) result.reason = str(to_string(judged.verdict), ": ", judged.reason);
}

}  // namespace

HONE_CHECKER("code", CodeChecker, "the program in the completion passes the tests of the gold", Needs::kSandbox);

Fields CodeChecker::LimitOptions::fields() {
  constexpr double kDay = 86400, kMostMib = 1 << 20;
  return {
      field("cpu_seconds", cpu_seconds, {.help = "CPU time of a test, of all its processes.", .range = above(0, kDay)}),
      field("wall_seconds", wall_seconds,
            {.help = "Time of a test in which it ran or was blocked; waiting for a processor does not count.",
             .range = above(0, kDay)}),
      field("total_wall_seconds", total_wall_seconds,
            {.help = "The same of all tests together; 0: no limit.", .range = between(0, kDay)}),
      field("memory_mib", memory_mib, {.help = "Resident memory.", .range = between(16, kMostMib)}),
      field("output_mib", output_mib, {.help = "Bytes written to stdout.", .range = between(1, 1024)}),
      field("processes", processes, {.help = "Processes and threads.", .range = between(1, 4096)}),
  };
}

Fields CodeChecker::CompareOptions::fields() {
  constexpr double kMost = 1e300;
  const Condition floats{mode == "floats", "mode floats", "mode", mode};
  return {
      field("mode", mode, {.help = "How outputs are compared.", .choices = kModes}),
      field("absolute", absolute,
            {.help = "Greatest difference of two numbers.", .range = between(0, kMost), .only = floats}),
      field("relative", relative,
            {.help = "The same as a share of the expected number; one of both suffices.",
             .range = between(0, kMost),
             .only = floats}),
  };
}

Fields CodeChecker::Options::fields() {
  return {
      field("language", language, {.help = "Language of the programs.", .choices = {"python", "cpp", "bash"}}),
      field("extract", extract,
            {.help = "The program: the last block of ``` lines, the text in <answer>, all after the reasoning; auto is "
                     "the first of these two that there is.",
             .choices = kExtracts}),
      field("score", score,
            {.help = "1 when all tests pass, or the share of tests that pass.", .choices = {"all", "share"}}),
      field("stop", stop,
            {.help = "When the rest of the tests is skipped.",
             .choices = {"", "first_failure", "never"},
             .derived = "never with score share, else first_failure"}),
      field("limits", limits, {.help = "Limits of each test."}),
      field("compare", compare, {.help = "Comparison of outputs."}),
      field("prefix", prefix, {.help = "Text put before the program, such as imports."}),
      field("suffix", suffix, {.help = "Text put after the program."}),
      field("max_tests", max_tests,
            {.help = "At most so many tests, the first ones; 0: all.", .range = between(0, 1e6)}),
      field("judge_url", judge_url,
            {.help = "http://host:port of a server that speaks SandboxFusion's /run_code: programs run there."}),
  };
}

CodeChecker::CodeChecker(const Options& options, std::shared_ptr<sandboxes::Sandbox> sandbox)
    : extract_(static_cast<CodeExtract>(index_of(kExtracts, options.extract))),
      max_tests_(options.max_tests),
      judge_(std::make_unique<sandboxes::Judge>(std::move(sandbox))) {
  sandboxes::JudgeRequest& request = defaults_.request;
  request.program.language = sandboxes::parse_language(options.language).value();
  const LimitOptions& limits = options.limits;
  request.limits = {.cpu_seconds = limits.cpu_seconds, .wall_seconds = limits.wall_seconds,
                    .memory_mib = limits.memory_mib, .output_mib = limits.output_mib, .processes = limits.processes};
  if (limits.total_wall_seconds > 0) request.total_wall_seconds = limits.total_wall_seconds;
  request.share = options.score == "share";
  request.stop_at_first_failure = options.stop.empty() ? !request.share : options.stop == "first_failure";
  request.compare.mode = static_cast<sandboxes::CompareMode>(index_of(kModes, options.compare.mode));
  if (request.compare.mode == sandboxes::CompareMode::kFloats)
    request.compare.tolerance = {options.compare.absolute, options.compare.relative};
  defaults_.frame = {options.prefix, options.suffix};
}

Result<std::unique_ptr<Checker>> CodeChecker::make(const Options& options, const CheckerContext& context) {
  std::shared_ptr<sandboxes::Sandbox> sandbox = context.sandbox;
  if (!options.judge_url.empty()) {
    HONE_TRY_ASSIGN(sandbox, sandboxes::connect_remote({.url = options.judge_url}));
  }
  return std::unique_ptr<Checker>(new CodeChecker(options, std::move(sandbox)));
}

Result<void> CodeChecker::check_gold(const nlohmann::json& gold) const {
  HONE_TRY(read_code_gold(gold, defaults_, max_tests_));
  return {};
}

CheckResult CodeChecker::check(const CheckInput& input) const {
  if (input.gold == nullptr) return failed(Verdict::kGoldError, "the problem has no gold");
  Result<CodeProblem> problem = read_code_gold(*input.gold, defaults_, max_tests_);
  if (!problem.ok()) return failed(Verdict::kGoldError, problem.error().to_string());
  sandboxes::JudgeRequest& request = problem->request;
  const Extraction code = extract_code(input, extract_, request.program.language);
  if (!code.answer) return failed(Verdict::kNoAnswer, code.reason);
  CheckResult result;
  result.extracted = std::string(*code.answer);
  request.program.source =
      std::make_shared<const std::string>(problem->frame.prefix + result.extracted + problem->frame.suffix);
  grade(judge_->judge(request), result);
  return result;
}

}  // namespace hone::rewards
