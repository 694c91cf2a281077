// hone check: everything that can be checked without training.
#include "cli/check.h"

#include <iostream>
#include <memory>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/report_text.h"
#include "kernels/backend.h"
#include "policy/char_tokenizer.h"
#include "policy/parameters.h"
#include "trainer/model.h"
#include "trainer/pipeline.h"
#include "trainer/run_config_names.h"

namespace hone::cli {
namespace {

using trainer::DataConfig;
using trainer::RunConfig;
using trainer::StageConfig;

Result<policy::ModelConfig> shape_of(const RunConfig& config) {
  if (!config.policy.path.empty()) {
    const std::string path = join_path(config.policy.path, "config.json");
    HONE_TRY_ASSIGN(const std::string text, read_file(path));
    return policy::parse_config_json(text, path);
  }
  HONE_TRY_ASSIGN(const auto tokenizer,
                  policy::CharTokenizer::make({config.tokenizer.words, config.tokenizer.characters}));
  return trainer::model_shape(config.policy, *tokenizer);
}

Result<std::string> policy_text(const RunConfig& config) {
  HONE_TRY_ASSIGN(const policy::ModelConfig shape, shape_of(config));
  const kernels::Backend& backend = trainer::backend_of(config.run.device, config.policy.dtype);
  int64_t parameters = 0;
  for (const policy::Parameter& parameter : policy::make_layout(shape, backend).parameters) {
    parameters += parameter.size();
  }
  return str(shape.architecture, ", ", grouped(parameters), " parameters, ", shape.vocab_size, " tokens; ",
             backend.name);
}

std::string data_text(const DataConfig& data) { return data.task.empty() ? data.path : "task " + data.task; }

std::string rewards_text(const StageConfig& stage) {
  std::string text;
  for (const trainer::RewardConfig& reward : stage.rewards) {
    text += str(text.empty() ? "" : " + ", reward.weight, " ", reward.name);
  }
  return text;
}

std::string stage_text(const StageConfig& stage) {
  const std::string length = stage.epochs > 0 ? str(stage.epochs, " epochs in") : grouped(stage.steps);
  const std::string kind = str(trainer::name_of(stage.kind), ", ", length, " steps of ");
  const std::string data = data_text(stage.data);
  if (stage.kind != trainer::StageKind::kGrpo) return str(kind, stage.rows_per_step, " rows of ", data);
  return str(kind, stage.prompts_per_step, " prompts x ", stage.group_size, " answers of ", data, ", up to ",
             stage.max_new_tokens, " tokens, reward ", rewards_text(stage));
}

std::string evaluation_text(const trainer::EvalConfig& eval) {
  const std::string when = eval.every > 0 ? str(" every ", eval.every, " steps") : eval.at_end ? " at the end" : "";
  if (when.empty()) return "not evaluated";
  return str("evaluated", when, " on ", eval.problems, " problems of ", eval.name, ", ", eval.samples, " answers each");
}

Result<void> print_plan(const RunConfig& config) {
  HONE_TRY_ASSIGN(const std::string policy, policy_text(config));
  const bool exists = path_exists(join_path(config.run.dir, "config.yaml"));
  std::cout << "run " << config.run.name << ", seed " << config.run.seed << ", in " << config.run.dir
            << (exists ? ", which exists: it would go on\n" : "\n")
            << "policy: " << policy << '\n';
  for (const StageConfig& stage : config.stages) {
    std::cout << stage.name << ": " << stage_text(stage) << "; " << evaluation_text(stage.eval) << '\n';
  }
  std::cout << "checked: configuration, data, rewards, lengths, memory, disk; no problem\n";
  return {};
}

}  // namespace

std::optional<trainer::ResolvedConfig> load_checked_config(const ConfigArguments& arguments) {
  auto config = load_config(arguments);
  if (!config) return std::nullopt;
  const std::vector<Error> problems = trainer::check_run(*config);
  for (const Error& problem : problems) say(problem.to_string());
  return problems.empty() ? std::move(config) : std::nullopt;
}

int check_and_print_plan(const ConfigArguments& arguments) {
  const auto config = load_checked_config(arguments);
  if (!config) return kRefused;
  const Result<void> printed = print_plan(config->config);
  return printed.ok() ? kDone : refuse(printed.error());
}

void add_check(CLI::App& app, Action& chosen) {
  const auto arguments = std::make_shared<ConfigArguments>();
  CLI::App* command = app.add_subcommand("check", "all that can be checked without training; same as run --dry-run");
  add_config_arguments(*command, *arguments);
  command->callback([arguments, &chosen] { chosen = [arguments] { return check_and_print_plan(*arguments); }; });
}

}  // namespace hone::cli
