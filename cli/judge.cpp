// hone judge: programs against tests in the sandbox.
#include <memory>

#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/json_lines.h"
#include "cli/options.h"
#include "sandboxes/judge.h"

namespace hone::cli {
namespace {

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
  command->footer(
      "in:  {\"id\", \"language\": \"python\" | \"cpp\" | \"bash\", \"source\", \"tests\": [{\"input\", \"output\"}],\n"
      "      \"limits\"?, \"stop\"?, \"score\"?, \"compare\"?, \"function\"?}\n"
      "out: {\"id\", \"verdict\", \"score\", \"passed\", \"total\", \"tests\": [{\"verdict\", ...}], \"reason\"}");
  add_input(*command, options->input);
  command->add_option("--slots", options->slots, "programs at a time (default: one a core)")
      ->type_name("N")->check(number_in(1, 1024));
  command->add_option("--min-tier", options->min_tier, "refuse to start with less isolation: A or B (default)")
      ->type_name("TIER")->check(CLI::IsMember({"A", "B"}));
  command->add_flag("--allow-unsafe", options->allow_unsafe, "run without isolation where the machine gives none");
  command->callback([options, &chosen] { chosen = [options] { return judge(*options); }; });
}

}  // namespace hone::cli
