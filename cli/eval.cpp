// hone eval: how often a policy is right.
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "base/edit_distance.h"
#include "base/philox.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "cli/report_text.h"
#include "cli/signals.h"
#include "rewards/registry.h"
#include "trainer/evaluator.h"
#include "trainer/graders.h"
#include "trainer/stage_data.h"

namespace hone::cli {
namespace {

using trainer::OpenedTarget;

struct Options {
  std::string target, dtype;
  std::string task, data, format = "auto";
  std::optional<std::string> checker, prompt_template;
  int32_t samples = 8;
  int64_t problems = 512;
  double temperature = 1, top_p = 1;
  std::optional<int32_t> max_new_tokens;
  uint64_t seed = 0;
  bool json = false;
  int64_t threads = 0;
};

Result<trainer::DataFormat> parse_format(const std::string& name) {
  const auto names = trainer::enum_names(trainer::DataFormat{});
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<trainer::DataFormat>(found - names.begin());
  return Error{.message = str("there is no format '", name, "'", did_you_mean(name, {names.begin(), names.end()})),
               .field = "--format"};
}

// What is asked: that of the target's stage, unless the command line says something else.
Result<trainer::EvalConfig> questions(const OpenedTarget& target, const Options& options) {
  trainer::EvalConfig eval;
  if (target.stage) eval = target.stage->eval;
  eval.problems = options.problems;
  if (!options.task.empty()) {
    if (options.task != eval.task) eval.difficulty = 1;
    eval.task = eval.name = options.task, eval.path.clear();
  }
  if (!options.data.empty()) {
    eval.path = eval.name = std::filesystem::absolute(options.data), eval.task.clear();
    eval.columns = {};
    HONE_TRY_ASSIGN(eval.format, parse_format(options.format));
  }
  if (eval.task.empty() && eval.path.empty()) {
    return Error{.message = "there is no run around it to say what to ask: give --task NAME or --data FILE",
                 .file = options.target};
  }
  return eval;
}

trainer::EvalRequest make_request(const OpenedTarget& target, const Options& options, const trainer::EvalConfig& eval) {
  // A stage number that no pipeline reaches: the draws are not those of a stage with the same seed.
  constexpr uint64_t kStage = UINT64_MAX;
  trainer::EvalRequest request;
  request.target = target.path;
  request.task = eval.name;
  request.checker = options.checker.value_or(eval.checker.empty() ? request.checker : eval.checker);
  if (!options.checker) request.checker_options = eval.checker_options;
  request.problems = options.problems;
  request.samples = options.samples;
  request.params = {.temperature = static_cast<float>(options.temperature), .top_p = static_cast<float>(options.top_p)};
  if (eval.max_new_tokens > 0) request.max_new_tokens = static_cast<int32_t>(eval.max_new_tokens);
  request.max_new_tokens = options.max_new_tokens.value_or(request.max_new_tokens);
  if (target.stage) request.stop = target.stage->stop;
  request.key = mix64(options.seed, kStage, Purpose::kToken);
  return request;
}

struct Question {
  trainer::EvalRequest request;
  std::unique_ptr<trainer::ProblemSource> problems;
};

// Everything that the command line can get wrong.
Result<Question> prepare(const OpenedTarget& target, const Options& options) {
  HONE_TRY_ASSIGN(const trainer::EvalConfig eval, questions(target, options));
  trainer::DataConfig data;
  if (target.stage) data = target.stage->data;
  if (options.prompt_template) data.prompt_template = *options.prompt_template;
  Question question{.request = make_request(target, options, eval)};
  const std::string& checker = question.request.checker;
  if (rewards::find_checker(checker) == nullptr)
    return Error{.message = str("there is no checker '", checker, "'", did_you_mean(checker, rewards::checker_names())),
                 .field = "--checker"};
  if (trainer::needs_sandbox(checker)) {
    const trainer::SandboxSection section = target.config ? target.config->sandbox : trainer::SandboxSection();
    HONE_TRY_ASSIGN(question.request.sandbox, trainer::start_sandbox(section));
  }
  const bool from_scratch = target.config && target.config->policy.path.empty();
  HONE_TRY_ASSIGN(question.problems,
                  trainer::make_eval_source({eval, data, from_scratch, options.seed}, target.model));
  return question;
}

int evaluate(const Options& options) {
  Compute compute(options.threads);
  const Result<OpenedTarget> target = compute.open(options.target, options.dtype);
  if (!target.ok()) return fail(target.error());
  if (!target->model.tokenizer) {
    return fail({.code = ErrorCode::kNotFound, .message = "has no tokenizer.json", .file = target->path});
  }
  const Result<Question> question = prepare(*target, options);
  if (!question.ok()) return refuse(question.error());
  const trainer::RolloutSection rollout = target->config ? target->config->rollout : trainer::RolloutSection();
  auto report = trainer::evaluate_model(target->model, *question->problems, question->request, rollout,
                                              compute.stream(), &stop_on_signal());
  if (!report.ok()) return fail_or_refuse(report.error());
  if (options.json) {
    std::cout << trainer::to_json(*report).dump() << '\n';
  } else {
    std::cout << report_text(*report);
  }
  return kDone;
}

void add_question_options(CLI::App& command, Options& options) {
  CLI::Option* task = command.add_option("--task", options.task, "a generated task (default: the run's)");
  CLI::Option* data = command.add_option("--data", options.data, "problems: .jsonl, .json or .parquet");
  data->type_name("FILE")->excludes(task);
  command.add_option("--format", options.format, "what its columns mean (default auto; ./hone help data)")
      ->type_name("NAME")->needs(data);
  task->type_name("NAME");
  command.add_option("--checker", options.checker, "what grades (default: the run's, else answer)")->type_name("NAME");
  command.add_option("--template", options.prompt_template,
                     "none, r1_zero, chat or a text with {prompt} (default: the run's)")->type_name("NAME");
  command.add_option("--samples", options.samples, "answers to each problem (default 8)")
      ->type_name("N")->check(positive_count());
  command.add_option("--problems", options.problems, "problems, or as many as the file has (default 512)")
      ->type_name("N")->check(positive_count());
}

void add_sampling_options(CLI::App& command, Options& options) {
  command.add_option("--temperature", options.temperature, "0: the likeliest token (default 1)")
      ->type_name("T")->check(number_in(0, 100));
  command.add_option("--top-p", options.top_p, "the likeliest tokens of this total probability (default 1)")
      ->type_name("P")->check(number_in(1e-6, 1));
  command.add_option("--max-new-tokens", options.max_new_tokens, "longest answer (default: that of the run, else 64)")
      ->type_name("N")->check(positive_count());
  command.add_option("--seed", options.seed, "problems and answers depend on it (default 0)")
      ->type_name("S")->check(whole_number());
}

}  // namespace

void add_eval(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("eval", "how often a policy is right, on problems that training never asks");
  add_target(*command, options->target);
  add_question_options(*command, *options);
  add_sampling_options(*command, *options);
  add_threads(*command, options->threads);
  add_dtype(*command, options->dtype);
  command->add_flag("--json", options->json, "one JSON object");
  command->callback([options, &chosen] { chosen = [options] { return evaluate(*options); }; });
}

}  // namespace hone::cli
