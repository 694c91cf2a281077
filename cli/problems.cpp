// hone problems: worked answers of a task, the data of a cold start.
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "rewards/tasks/worked_answers.h"

namespace hone::cli {
namespace {

struct Options {
  std::string task;
  uint64_t count = 300;
  uint64_t seed = 1;
};

int problems(const Options& options) {
  const Result<const rewards::Task*> task = rewards::find_task(options.task);
  if (!task.ok()) return refuse(task.error());
  rewards::write_worked_answers(**task, options.count, options.seed, std::cout);
  return kDone;
}

}  // namespace

void add_problems(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("problems", "worked answers of a task, for a cold start; JSON lines");
  command->footer("out: {\"prompt\", \"gold\", \"completion\"}, as stages of kind sft read them.\n"
                  "Evaluation asks none of these prompts.");
  command->add_option("TASK", options->task, "sum or running_sum")->type_name("")->required();
  command->add_option("--count", options->count, "rows (default 300)")->type_name("N")->check(positive_count());
  command->add_option("--seed", options->seed, "rows depend on it alone (default 1)")
      ->type_name("S")->check(whole_number());
  command->callback([options, &chosen] { chosen = [options] { return problems(*options); }; });
}

}  // namespace hone::cli
