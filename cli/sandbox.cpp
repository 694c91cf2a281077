// hone sandbox: one program, isolated.
#include "sandboxes/sandbox.h"

#include <sys/stat.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/options.h"

namespace hone::cli {
namespace {

using sandboxes::Ending;

struct Options {
  std::vector<std::string> program;
  std::vector<std::string> files;
  sandboxes::Limits limits;
  bool python = false, input = false, allow_unsafe = false;
};

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<sandboxes::BoxFile> box_file(const std::string& path) {
  HONE_TRY_ASSIGN(std::string bytes, read_file(path, int64_t{256} << 20));
  struct stat about = {};
  const bool executable = ::stat(path.c_str(), &about) == 0 && (about.st_mode & S_IXUSR) != 0;
  return sandboxes::BoxFile{base_name(path), std::make_shared<const std::string>(std::move(bytes)), executable};
}

Result<sandboxes::RunRequest> request_of(const Options& options) {
  sandboxes::RunRequest request;
  request.argv = options.program;
  request.limits = options.limits;
  request.runner = options.python ? sandboxes::Runner::kPython : sandboxes::Runner::kProgram;
  std::vector<std::string> files = options.files;
  if (options.python) {
    files.push_back(options.program[0]);
    request.argv[0] = base_name(options.program[0]);
  }
  for (const std::string& path : files) {
    HONE_TRY_ASSIGN(sandboxes::BoxFile file, box_file(path));
    request.files.push_back(std::move(file));
  }
  if (options.input) {
    request.input =
        std::make_shared<const std::string>(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  return request;
}

// The program's own code; of one that a signal or a limit ended, as shells tell signals.
int exit_code(const sandboxes::RunResult& result) {
  constexpr int kKilled = kSignalled + 9;
  if (result.ending == Ending::kInfra) return kFailed;
  if (result.ending == Ending::kExited) return result.code;
  return result.ending == Ending::kSignalled ? kSignalled + result.code : kKilled;
}

int run(const Options& options) {
  const Result<sandboxes::RunRequest> request = request_of(options);
  if (!request.ok()) return refuse(request.error());
  const auto sandbox = sandboxes::Sandbox::start({.slots = 1, .allow_unsafe = options.allow_unsafe});
  if (!sandbox.ok()) return fail(sandbox.error());
  const Result<sandboxes::RunResult> result = (*sandbox)->run(*request);
  if (!result.ok()) return refuse(result.error());
  std::cout << result->out;
  std::cerr << result->err;
  char numbers[160];
  std::snprintf(numbers, sizeof numbers, "%s %d, %.3f s of processor, %.3f s, %.1f MiB, tier %s",
                to_string(result->ending).c_str(), result->code, result->cpu_seconds, result->wall_seconds,
                result->memory_mib, to_string((*sandbox)->tier()).c_str());
  say(result->reason.empty() ? numbers : std::string(numbers) + ": " + result->reason);
  return exit_code(*result);
}

}  // namespace

void add_sandbox(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("sandbox", "run one program isolated: its exit code, times, memory");
  command->add_option("PROGRAM", options->program, "the program and its arguments, after --")
      ->type_name("")
      ->required();
  command->add_option("--file", options->files, "a file for the program's working directory; may be given again")
      ->type_name("PATH");
  command->add_flag("--python", options->python, "PROGRAM is a file of Python");
  command->add_flag("--stdin", options->input, "give it standard input");
  command->add_flag("--allow-unsafe", options->allow_unsafe, "run it even where nothing can isolate it");
  sandboxes::Limits& limits = options->limits;
  command->add_option("--cpu", limits.cpu_seconds, "seconds of processor time")->check(number_in(0.001, 1e6));
  command->add_option("--wall", limits.wall_seconds, "seconds in which it ran or was blocked")
      ->check(number_in(0.001, 1e6));
  command->add_option("--memory", limits.memory_mib, "MiB of memory")->check(positive_count());
  command->add_option("--output", limits.output_mib, "MiB of standard output")->check(positive_count());
  command->add_option("--files-size", limits.files_mib, "MiB of files")->check(positive_count());
  command->add_option("--processes", limits.processes, "processes and threads")->check(positive_count());
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace hone::cli
