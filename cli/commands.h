// The commands of hone. Each add_* puts one command with its options on the command line's parser.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace hone::cli {

// What the command line asked for. Called once, after all of the command line was understood; returns the exit code.
using Action = std::function<int()>;

// Set `chosen` when their command was given.
void add_run(CLI::App& app, Action& chosen);
void add_check(CLI::App& app, Action& chosen);
void add_config(CLI::App& app, Action& chosen);
void add_eval(CLI::App& app, Action& chosen);
void add_generate(CLI::App& app, Action& chosen);
void add_score(CLI::App& app, Action& chosen);
void add_chat(CLI::App& app, Action& chosen);
void add_tokenize(CLI::App& app, Action& chosen);
void add_problems(CLI::App& app, Action& chosen);
void add_grade(CLI::App& app, Action& chosen);
void add_judge(CLI::App& app, Action& chosen);
void add_sandbox(CLI::App& app, Action& chosen);
void add_verify(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);
void add_help(CLI::App& app, Action& chosen);

}  // namespace hone::cli
