// What is checked before a run, and the plan that passed.
#pragma once

#include "cli/config_arguments.h"

namespace hone::cli {

// Prints every problem to stderr, or the plan to stdout. Returns the exit code. Nothing is changed.
int check_and_print_plan(const ConfigArguments& arguments);

// The configuration, if it and everything it names can be used; else every problem is printed.
std::optional<trainer::ResolvedConfig> load_checked_config(const ConfigArguments& arguments);

}  // namespace hone::cli
