// hone judge: programs against tests in the sandbox.
#include <memory>

#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/json_lines.h"
#include "cli/options.h"
#include "sandboxes/judge.h"

namespace hone::cli {
namespace {

constexpr const char* kFormat =
    R"(in:  {"id", "language": "python" | "cpp" | "bash", "source", "tests": [{"input", "output"}]
and if wanted
  "limits": {"cpu_seconds": 2, "wall_seconds": 10, "total_wall_seconds", "memory_mib": 512, "output_mib": 8,
             "files_mib": 64, "processes": 32} of each test
  "stop": "first_failure" | "never" (the default with "score": "share")
  "score": "all" (1 or 0) | "share" (passed / total)
  "compare": {"mode": "tokens" | "lines" | "exact" | "set_of_lines", "case_sensitive": true}
             {"mode": "floats", "absolute": 1e-6, "relative": 1e-6}
             {"mode": "checker", "language", "source"}: run with the files input, output, answer; exit codes of
             testlib (0; 1, 2, 7) or Kattis (42; 43)
  "function": {"name": "f" or "Class.f"}: of Python; inputs are lists of arguments, outputs JSON values
out: {"id", "verdict", "score", "passed", "total", "tests": [{"verdict", "cpu_seconds", "wall_seconds",
      "memory_mib", "exit_code" or "signal"}], "reason"}
verdicts: accepted wrong_answer runtime_error cpu_limit wall_limit memory_limit output_limit compile_error infra;
      skipped for tests that were not run; the score of infra is null)";

struct Options {
  std::string input, min_tier = "B";
  int slots = 0;
  bool allow_unsafe = false;
};

Result<JsonObject> judge_line(sandboxes::Judge& judge, const std::string& line) {
  HONE_TRY_ASSIGN(const sandboxes::JudgeRequest request, sandboxes::parse_judge_request(line));
  const nlohmann::ordered_json result = sandboxes::to_json(judge.judge(request));
  JsonObject answer;
  for (const auto& [key, value] : result.items()) answer.add(key, value);
  return answer;
}

int judge(const Options& options) {
  const auto tier = options.min_tier == "A" ? sandboxes::Tier::kNamespaces : sandboxes::Tier::kLandlock;
  const auto sandbox = sandboxes::Sandbox::start(
      {.slots = options.slots, .min_tier = tier, .allow_unsafe = options.allow_unsafe});
  if (!sandbox.ok()) return fail(sandbox.error());
  sandboxes::Judge judge(*sandbox);
  return answer_json_texts(options.input, (*sandbox)->slots(),
                           [&](const JsonLine& line) { return judge_line(judge, line.text); });
}

}  // namespace

void add_judge(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("judge", "run programs against tests in the sandbox; JSON lines");
  command->footer(kFormat);
  add_input(*command, options->input);
  command->add_option("--slots", options->slots, "programs at a time (default: one a core)")
      ->type_name("N")->check(number_in(1, 1024));
  command->add_option("--min-tier", options->min_tier, "refuse to start with less isolation: A or B (default)")
      ->type_name("TIER")->check(CLI::IsMember({"A", "B"}));
  command->add_flag("--allow-unsafe", options->allow_unsafe, "run without isolation where the machine gives none");
  command->callback([options, &chosen] { chosen = [options] { return judge(*options); }; });
}

}  // namespace hone::cli
