// hone: the command line.
#include <iostream>

#include "base/edit_distance.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/options.h"

namespace hone::cli {
namespace {

void add_commands(CLI::App& app, Action& chosen) {
  app.name("hone");
  app.require_subcommand(1);
  add_run(app, chosen);
  add_check(app, chosen);
  add_config(app, chosen);
  add_eval(app, chosen);
  add_generate(app, chosen);
  add_score(app, chosen);
  add_chat(app, chosen);
  add_tokenize(app, chosen);
  add_problems(app, chosen);
  add_grade(app, chosen);
  add_judge(app, chosen);
  add_sandbox(app, chosen);
  add_verify(app, chosen);
  add_doctor(app, chosen);
  add_help(app, chosen);
}

// The words that may stand where `word` does: options of the command, or commands.
std::vector<std::string> words_like(const CLI::App& app, const std::string& word) {
  std::vector<std::string> words;
  if (!word.starts_with("-")) {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      words.push_back(command->get_name());
    }
    return words;
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

const CLI::App& innermost(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.back());
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent ? full_name(*parent) + " " + command.get_name() : command.get_name();
}

// CLI11 names the words that nothing took; this adds what was probably meant.
std::string describe(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  const CLI::App& command = innermost(app);
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    const std::vector<std::string> known = words_like(command, name);
    if (known.empty() || std::ranges::count(known, name) > 0) continue;
    return str("unknown ", word.starts_with("-") ? "option" : "command", " '", name, "'", did_you_mean(name, known));
  }
  return error.what();
}

int explain(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error) == 0 ? kDone : kRefused;
  const std::vector<std::string> unknown = app.remaining(true);
  say(describe(app, error, unknown));
  const CLI::App& command = innermost(app);
  say(full_name(command) + " --help lists what it takes");
  return kRefused;
}

int run(int argc, char** argv) {
  CLI::App app("Trains language models to reason by reinforcement learning.");
  Action chosen;
  add_commands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  }
  HONE_CHECK(chosen, "a command without an action");
  const int code = chosen();
  std::cout.flush();
  if (!std::cout) return fail({.code = ErrorCode::kIo, .message = "cannot write the results to standard output"});
  return code;
}

}  // namespace
}  // namespace hone::cli

int main(int argc, char** argv) {
  try {
    return hone::cli::run(argc, argv);
  } catch (const std::exception& error) {
    hone::cli::say(hone::str("unexpected: ", error.what()));
    return hone::cli::kFailed;
  }
}
