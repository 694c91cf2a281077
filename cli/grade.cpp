// hone grade: a reward checker over JSON lines, to audit it before a run is paid for.
#include <memory>

#include "base/yaml_layers.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/json_lines.h"
#include "cli/options.h"
#include "rewards/registry.h"
#include "rl/verdict.h"
#include "trainer/graders.h"
#include "trainer/run_config_load.h"

namespace hone::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string checker;
  std::string config;
  std::vector<std::string> settings;  // key=value
  std::string input;
};

// A checker's options, and where it may run programs.
struct Setup {
  json options = json::object();
  trainer::SandboxSection sandbox;
};

// Of a run file: the first reward with this checker.
Result<Setup> setup_of_run(const trainer::RunConfig& config, const Options& options) {
  for (const trainer::StageConfig& stage : config.stages) {
    for (const trainer::RewardConfig& reward : stage.rewards) {
      if (reward.checker == options.checker)
        return Setup{json::parse(reward.options, nullptr, false), config.sandbox};
    }
  }
  return Error{.message = "no reward of this run has the checker " + options.checker, .file = options.config};
}

// What YAML text means where the checker's own field does not say: a number, a boolean, else a text.
json value_of(const YamlNode& node) {
  const json parsed = node.quoted ? json() : json::parse(node.text, nullptr, false);
  return parsed.is_number() || parsed.is_boolean() ? parsed : json(node.text);
}

json options_of(const YamlNode& map) {
  json options = json::object();
  for (const YamlEntry& entry : map.entries) {
    json& value = options[entry.key];
    if (entry.value->kind == YamlKind::kMap) {
      value = options_of(*entry.value);
    } else if (entry.value->kind == YamlKind::kList) {
      value = json::array();
      for (const YamlPtr& item : entry.value->items) value.push_back(value_of(*item));
    } else if (entry.value->kind == YamlKind::kScalar) {
      value = value_of(*entry.value);
    }
  }
  return options;
}

// A run file, or a file that holds the checker's options alone.
Result<Setup> read_setup(const Options& options) {
  Setup setup;
  if (!options.config.empty()) {
    const YamlDocument document = read_yaml_layers(options.config);
    if (!document.errors.empty()) return document.errors.front();
    if (document.root == nullptr || document.root->kind != YamlKind::kMap)
      return Error{.message = "must be a map: a run, or the options of a checker", .file = options.config};
    if (document.root->find("stages") != nullptr) {
      const auto loaded = trainer::load_run_config(options.config, {});
      if (const auto* errors = std::get_if<trainer::ConfigErrors>(&loaded)) return errors->errors.front();
      HONE_TRY_ASSIGN(setup, setup_of_run(std::get<trainer::ResolvedConfig>(loaded).config, options));
    } else {
      setup.options = options_of(*document.root);
    }
  }
  for (const std::string& setting : options.settings) {
    const size_t equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos)
      return Error{.message = "must be key=value, not '" + setting + "'", .field = "--set"};
    const YamlDocument value = read_yaml(setting.substr(equals + 1), "--set", YamlPlaces::kSourceOnly);
    if (!value.errors.empty()) return value.errors.front();
    YamlNode map;
    map.entries.push_back({setting.substr(0, equals), {}, value.root});
    setup.options.update(options_of(map));
  }
  return setup;
}

// Texts of a line that a CheckInput views.
struct Row {
  std::string completion, prompt, data_source;
  json gold, extra_info;
  rewards::CheckInput input;
};

Result<void> read_optional_text(const json& line, const char* key, std::string& text) {
  if (!line.contains(key)) return {};
  HONE_TRY_ASSIGN(text, read_text(line, key));
  return {};
}

Result<std::unique_ptr<Row>> read_row(const json& line) {
  auto row = std::make_unique<Row>();
  const bool bare = !line.contains("completion");
  if (bare == !line.contains("answer"))
    return Error{.message = "needs one of completion and answer"};
  HONE_TRY_ASSIGN(row->completion, read_text(line, bare ? "answer" : "completion"));
  HONE_TRY(read_optional_text(line, "prompt", row->prompt));
  HONE_TRY(read_optional_text(line, "data_source", row->data_source));
  row->gold = line.value("gold", json());
  row->extra_info = line.value("extra_info", json::object());
  if (!row->extra_info.is_object()) return Error{.message = "must be an object", .field = "extra_info"};
  std::string finish = "stop";
  HONE_TRY(read_optional_text(line, "finish_reason", finish));
  HONE_TRY_ASSIGN(row->input.finish, rl::parse_finish_reason(finish));
  row->input.prompt = row->prompt;
  row->input.completion = row->completion;
  row->input.gold = line.contains("gold") ? &row->gold : nullptr;
  row->input.data_source = row->data_source;
  row->input.extra_info = &row->extra_info;
  row->input.bare_answer = bare;
  return row;
}

Result<JsonObject> grade_line(const rewards::Checker& checker, const json& line) {
  HONE_TRY_ASSIGN(const std::unique_ptr<Row> row, read_row(line));
  const std::vector<rewards::CheckResult> results = checker.check_group({&row->input, 1});
  HONE_CHECK_EQ(results.size(), 1u);
  const rewards::CheckResult& result = results.front();
  JsonObject answer;
  answer.add("verdict", rl::to_string(result.verdict));
  answer.add("score", rl::has_score(result.verdict) ? json(result.score) : json());
  answer.add("extracted", result.extracted);
  answer.add("canonical", result.canonical);
  answer.add("gold_canonical", result.gold_canonical);
  answer.add("reason", result.reason);
  return answer;
}

int grade(const Options& options) {
  if (rewards::find_checker(options.checker) == nullptr)
    return refuse(rewards::make_checker(options.checker, json::object()).error());
  const Result<Setup> setup = read_setup(options);
  if (!setup.ok()) return refuse(setup.error());
  rewards::CheckerContext context;
  if (trainer::needs_sandbox(options.checker)) {
    auto sandbox = trainer::start_sandbox(setup->sandbox);
    if (!sandbox.ok()) return fail(sandbox.error());
    context.sandbox = std::move(*sandbox);
  }
  const auto checker = rewards::make_checker(options.checker, setup->options, context);
  if (!checker.ok()) return refuse(checker.error());
  return answer_json_lines(options.input, trainer::grading_threads(context),
                           [&](const json& line) { return grade_line(**checker, line); });
}

std::string list_of_checkers() {
  std::string text = "checkers:\n";
  for (const auto& [name, entry] : rewards::checkers())
    text += "  " + name + std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') + entry.help + "\n";
  return text;
}

}  // namespace

void add_grade(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("grade", "run a reward checker over JSON lines");
  command->footer(
      list_of_checkers() +
      "in:  {\"id\", \"completion\" or \"answer\", \"gold\", \"prompt\"?, \"data_source\"?, \"extra_info\"?}\n"
      "out: {\"id\", \"verdict\", \"score\", \"extracted\", \"canonical\", \"gold_canonical\", \"reason\"}");
  command->add_option("checker", options->checker, "what grades")->required()->type_name("CHECKER");
  command->add_option("--config", options->config, "a run file whose reward has the options, or the options alone")
      ->type_name("FILE");
  command->add_option("--set", options->settings, "an option of the checker; may be repeated")->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  add_input(*command, options->input);
  command->callback([options, &chosen] { chosen = [options] { return grade(*options); }; });
}

}  // namespace hone::cli
