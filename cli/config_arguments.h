// CONFIG [key=value ...]: what run, check and config show read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/run_config_load.h"

namespace CLI {
class App;
}

namespace hone::cli {

struct ConfigArguments {
  std::string path;
  std::vector<std::string> changes;  // "stages.zero.steps=100"
};

void add_config_arguments(CLI::App& command, ConfigArguments& arguments);

// Prints every error there is; then nullopt.
std::optional<trainer::ResolvedConfig> load_config(const ConfigArguments& arguments);

}  // namespace hone::cli
