// Checks of command line values that CLI11 lacks.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace hone::cli {

// A finite number in [low, high].
CLI::Validator number_in(double low, double high);
// A whole number from 1 on.
CLI::Validator positive_count();
// A whole number from 0 on.
CLI::Validator whole_number();

// Where a command reads JSON lines: "" and "-" are standard input.
void add_input(CLI::App& command, std::string& file);
void add_target(CLI::App& command, std::string& target);
void add_threads(CLI::App& command, int64_t& threads);
// "f32", "bf16", or empty: what the model's config.json names.
void add_dtype(CLI::App& command, std::string& dtype);

}  // namespace hone::cli
