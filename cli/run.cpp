// hone run: trains what a configuration describes, or goes on where it stopped.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "base/edit_distance.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/report_text.h"
#include "cli/signals.h"
#include "cli/terminal_observer.h"
#include "trainer/checkpoint.h"

namespace hone::cli {
namespace {

struct Options {
  ConfigArguments config;
  std::string until;
  bool dry_run = false;
  bool allow_other_isa = false;
};

std::string shell_quoted(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return word;
  std::string out = "'";
  for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string command_line(const Options& options) {
  std::string line = "hone run " + shell_quoted(options.config.path);
  for (const std::string& change : options.config.changes) line += " " + shell_quoted(change);
  if (!options.until.empty()) line += " --until " + shell_quoted(options.until);
  if (options.allow_other_isa) line += " --allow-other-isa";
  return line;
}

Result<void> check_until(const trainer::RunConfig& config, const std::string& until) {
  std::vector<std::string> names;
  for (const trainer::StageConfig& stage : config.stages) names.push_back(stage.name);
  if (until.empty() || std::ranges::count(names, until) > 0) return {};
  return Error{.message = str("there is no stage '", until, "'", did_you_mean(until, names)), .field = "--until"};
}

// After a run that did not reach its end: what a power cut now would leave, and how to go on.
void say_what_is_safe(const trainer::RunConfig& config, const Options& options) {
  const auto checkpoints = trainer::list_checkpoints(config.run.dir);
  if (checkpoints.ok() && !checkpoints->empty()) {
    say("safe on disk: " + checkpoints->back());
  } else {
    say("no checkpoint was made yet");
  }
  say("to go on: " + command_line(options));
}

int end_early(const Error& error, const trainer::RunConfig& config, const Options& options) {
  const int code = fail_or_refuse(error);
  if (error.code != ErrorCode::kInvalid && error.code != ErrorCode::kInUse) say_what_is_safe(config, options);
  return code;
}

void print_outcome(const trainer::RunOutcome& outcome, const trainer::RunConfig& config) {
  if (!outcome.stages.empty()) std::cout << stage_table(outcome.stages);
  std::cout << origin_of_chains(config) << "checkpoint: " << outcome.last_checkpoint << '\n';
}

int run(const Options& options) {
  if (options.dry_run) return check_and_print_plan(options.config);
  const auto resolved = load_checked_config(options.config);
  if (!resolved) return kRefused;
  const trainer::RunConfig& config = resolved->config;
  const Result<void> until = check_until(config, options.until);
  if (!until.ok()) return refuse(until.error());

  const std::atomic<bool>& stop = stop_on_signal();
  Compute compute(config.run.threads);
  TerminalObserver observer(STDERR_FILENO);
  const Result<trainer::RunOutcome> outcome =
      trainer::run_pipeline(*resolved,
                            {.until = options.until,
                             .stop = &stop,
                             .observer = &observer,
                             .allow_other_isa = options.allow_other_isa},
                            compute.team());
  observer.clear();
  if (!outcome.ok()) return end_early(outcome.error(), config, options);
  print_outcome(*outcome, config);
  return kDone;
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "train; on an existing run directory: go on where it stopped");
  add_config_arguments(*command, options->config);
  command->add_flag("--dry-run", options->dry_run, "check everything and print the plan; nothing is started");
  command->add_option("--until", options->until, "end after this stage")->type_name("STAGE");
  command->add_flag("--allow-other-isa", options->allow_other_isa,
                    "go on with a run of another instruction set; the last bits will differ");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace hone::cli
