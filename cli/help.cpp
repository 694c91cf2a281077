// hone help: commands, sections of the configuration, and a few topics of their own.
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/edit_distance.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "rewards/registry.h"
#include "trainer/run_config_load.h"

namespace hone::cli {
namespace {

struct Topic {
  const char* name;
  const char* text;
};

constexpr Topic kTopics[] = {
    {"resume", R"(The same command goes on with a run that was stopped or killed, and ends with the same bits.

It begins at the last checkpoint that verifies and repeats at most one grpo step, or checkpoint.every_seconds of the
other kinds. Answers that were graded before are not graded again. Rows of metrics, rollouts and TensorBoard after the
checkpoint are cut, so each step stands in them once.

May change: run.threads, rollout.*, what is logged and kept, more steps under a constant schedule, stages that have not
begun. Any other change is refused with the difference; start a new run with `from: runs/old` instead.
)"},
    {"exit-codes", R"(0    done
1    failed while running, or the run directory is in use; the message names what, where, and what is safe on disk
2    bad command line or configuration; nothing was started
3    a guard stopped the run (parity broken, non-finite numbers, too many failed checks); state is saved
130  Ctrl-C; state is saved
143  SIGTERM; state is saved
)"},
    {"data", R"(A stage takes its problems from a generated task (data.task) or from files (data.path): .jsonl, .json
(an array of objects) or .parquet; one file, a directory of them, or a pattern such as
data/{gsm8k,math}/train-*.parquet.

data.format says what the columns mean; auto goes by the columns of the first row:

  hone    prompt, gold, completion, data_source, extra_info
  verl    prompt (messages), reward_model.ground_truth, data_source, extra_info; dapo is the same
  trl     prompt and completion, or messages, or text; the gold is solution, else answer
  gsm8k   question and answer; the gold follows ####, without commas and spaces. The completion is the text before it,
          without <<1+2=3>>, and a line "#### gold"
  math    problem, solution, answer; the gold is answer, else the content of the solution's last \boxed{}

grpo and eval need a prompt and a gold, pretrain and sft a prompt and a completion. data.columns names columns that are
called otherwise ({prompt: problem, gold: meta.answer}); columns without a meaning travel to the checkers as extra_info.
In a conversation the last message, the assistant's, is the completion: the loss is on it alone, and on the <eos> after
it. data.completion_template rewrites it: "<think>{completion}</think><answer>{gold}</answer>".

data.template makes the prompt: a text with {prompt} in it, none (the question alone), r1_zero (DeepSeek-R1-Zero's) or
chat (the policy's chat template; a question in text becomes one message of the user). auto: none for a policy made
from scratch, chat where the tokenizer has a chat template, else r1_zero.

Every row is read and checked before a run starts; errors name file, row and column. Rows of more than data.max_tokens
tokens, or of more than the policy takes, are errors, or left out and counted with data.too_long: drop. The rows stay in
memory, as text. A run remembers the hash of its files (data.sha256) and does not go on with others.
hone problems TASK writes worked answers of a task.
)"},
};

constexpr const char* kRewards = "rewards";

// The topic that the registry of checkers writes.
std::string rewards_text() {
  std::string text = R"(A grpo stage is graded by its rewards, each a checker with its own keys:

  rewards:
    - {checker: math, weight: 1}
    - {checker: format, weight: 0.1}

The reward of an answer is the weighted sum of the scores; accuracy is the share of correct by the first. Every check
ends in a verdict: correct, wrong, scored; no_answer, parse_error, limit (score 0); not_applicable (left out);
gold_error, timeout, infra (the group is dropped and counted, and too many stop the run). `when: {data_source: [...]}`
says which samples are graded; `correct_at: x` makes a scored result correct or wrong. hone grade CHECKER runs one over
JSON lines; hone check tries each on the data. Checkers, and the keys of each:

)";
  for (const auto& [name, entry] : rewards::checkers()) {
    text += "  " + name + ": " + entry.help + "\n";
    rewards::AnyOptions options = entry.defaults;
    for (const Field& field : options.fields()) {
      const std::string type = field.is_section() ? "section" : describe_type(field) + "; " + describe_default(field);
      text += "      " + field.name + " (" + type + "): " + field.info.help + "\n";
    }
  }
  return text;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> topic_names(const CLI::App& app) {
  std::vector<std::string> names = command_names(app);
  for (const Topic& topic : kTopics) names.emplace_back(topic.name);
  names.emplace_back(kRewards);
  return names;
}

int print_overview(const CLI::App& app) {
  // App::help() would describe the command that was given, which is this one.
  std::cout << app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal)
            << "\nTopics of hone help: the commands, keys of the configuration (policy, stages.steps)";
  for (const Topic& topic : kTopics) std::cout << ", " << topic.name;
  std::cout << ", " << kRewards << '\n';
  return kDone;
}

int print_topic(const CLI::App& app, const std::string& name) {
  const auto topic = std::ranges::find_if(kTopics, [&](const Topic& t) { return t.name == name; });
  if (topic != std::end(kTopics)) {
    std::cout << topic->text;
    return kDone;
  }
  if (name == kRewards) {
    std::cout << rewards_text();
    return kDone;
  }
  const std::vector<std::string> commands = command_names(app);
  if (std::ranges::count(commands, name) > 0) {
    std::cout << app.get_subcommand(name)->help("hone");
    return kDone;
  }
  const Result<std::string> key = trainer::explain_config(name);
  if (key.ok()) {
    std::cout << *key << '\n';
    return kDone;
  }
  const std::string near = did_you_mean(name, topic_names(app));
  return refuse(near.empty() ? key.error() : Error{.message = str("there is no topic '", name, "'", near)});
}

}  // namespace

void add_help(CLI::App& app, Action& chosen) {
  const auto name = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("help", "a command, a key of the configuration, resume, exit-codes, data, rewards");
  command->add_option("TOPIC", *name, "an overview when left out")->type_name("");
  command->callback([name, &app, &chosen] {
    chosen = [name, &app] { return name->empty() ? print_overview(app) : print_topic(app, *name); };
  });
}

}  // namespace hone::cli
