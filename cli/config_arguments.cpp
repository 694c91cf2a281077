#include "cli/config_arguments.h"

#include <iostream>

#include "cli/options.h"

namespace hone::cli {

void add_config_arguments(CLI::App& command, ConfigArguments& arguments) {
  command.add_option("CONFIG", arguments.path, "a configuration file")->type_name("")->required();
  command.add_option("key=value", arguments.changes, "values that win over the file's: stages.zero.steps=100")
      ->type_name("");
}

std::optional<trainer::ResolvedConfig> load_config(const ConfigArguments& arguments) {
  auto loaded = trainer::load_run_config(arguments.path, arguments.changes);
  if (auto* config = std::get_if<trainer::ResolvedConfig>(&loaded)) return std::move(*config);
  std::cerr << std::get<trainer::ConfigErrors>(loaded).to_string();
  return std::nullopt;
}

}  // namespace hone::cli
