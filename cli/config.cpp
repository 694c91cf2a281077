// hone config: what can be configured, and what a file configures.
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/config_arguments.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "trainer/run_config_load.h"

namespace hone::cli {
namespace {

int schema() {
  std::cout << trainer::config_json_schema() << '\n';
  return kDone;
}

int explain(const std::string& key) {
  const Result<std::string> help = trainer::explain_config(key);
  if (!help.ok()) return refuse(help.error());
  std::cout << *help << '\n';
  return kDone;
}

int show(const ConfigArguments& arguments) {
  const auto config = load_config(arguments);
  if (!config) return kRefused;
  std::cout << config->to_yaml();
  return kDone;
}

}  // namespace

void add_config(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("config", "what can be configured, and what a file configures");
  command->require_subcommand(1);
  command->add_subcommand("schema", "the JSON Schema of a configuration")->callback([&chosen] { chosen = schema; });

  const auto key = std::make_shared<std::string>();
  CLI::App* explaining = command->add_subcommand("explain", "help on one field or section");
  explaining->add_option("KEY", *key, "for example stages.steps or policy")->type_name("")->required();
  explaining->callback([key, &chosen] { chosen = [key] { return explain(*key); }; });

  const auto arguments = std::make_shared<ConfigArguments>();
  CLI::App* showing = command->add_subcommand("show", "every value of a configuration with its origin");
  add_config_arguments(*showing, *arguments);
  showing->callback([arguments, &chosen] { chosen = [arguments] { return show(*arguments); }; });
}

}  // namespace hone::cli
