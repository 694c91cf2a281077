// Checkers that are Python functions of verl's or TRL's form, in a file that needs no change: hone_reward.py calls them
// in worker processes of the user's own Python.
#include "base/json_reader.h"
#include "rewards/outside/command_checker.h"
#include "rewards/outside/hone_reward.h"
#include "rewards/registry.h"

namespace hone::rewards {
namespace {

class PythonChecker {
 public:
  struct Options {
    std::string function;
    std::string style = "auto";
    std::string kwargs = "{}";
    bool conversational = false;
    std::string python = "python3";
    int64_t max_inflight = 16;
    WorkerOptions workers;

    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
};

HONE_CHECKER("python", PythonChecker, "a Python function of verl's or TRL's form, unchanged", Needs::kSandbox);

Fields PythonChecker::Options::fields() {
  Fields all = {
      field("function", function, {.help = "path/to/file.py:name.", .required = true, .is_file = true}),
      field("style", style,
            {.help = "How it is called: one sample (verl), lists (verl_batch), a group as columns (trl); auto: by the "
                     "names of its parameters.",
             .choices = {"auto", "verl", "verl_batch", "trl"}}),
      field("kwargs", kwargs, {.help = "Further arguments of every call: a JSON object as text."}),
      field("conversational", conversational,
            {.help = "trl: prompts and completions are lists of messages, not texts."}),
      field("python", python, {.help = "The interpreter; that of a virtual environment sees its packages."}),
      field("max_inflight", max_inflight,
            {.help = "Samples (trl: groups) that one process holds at once when the function is async.",
             .range = between(1, kMaxInflight)})};
  for (Field& own : workers.fields()) all.push_back(std::move(own));
  return all;
}

Result<std::unique_ptr<Checker>> PythonChecker::make(const Options& options, const CheckerContext& context) {
  const size_t colon = options.function.rfind(':');
  if (colon == options.function.npos || colon == 0 || colon + 1 == options.function.size())
    return Error{.message = str("must be path/to/file.py:name, not '", options.function, "'"), .field = "function"};
  const auto kwargs = parse_json(options.kwargs, "");
  if (!kwargs || !kwargs->is_object()) return Error{.message = "must be a JSON object as text", .field = "kwargs"};
  std::vector<std::string> argv = {options.python, "-c", kHoneRewardPy,
                                   "--path", options.function.substr(0, colon),
                                   "--name", options.function.substr(colon + 1),
                                   "--style", options.style,
                                   "--kwargs", options.kwargs,
                                   "--max-inflight", str(options.max_inflight)};
  if (options.conversational) argv.push_back("--conversational");
  return WorkerChecker::start(context, options.workers.pool(std::move(argv)));
}

}  // namespace
}  // namespace hone::rewards
