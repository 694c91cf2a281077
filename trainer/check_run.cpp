// What `hone check` looks at: everything that would stop a run later and can be seen before it starts.
#include <algorithm>

#include "base/json.h"
#include "rewards/checker.h"
#include "rl/verdict.h"
#include "trainer/evaluator.h"
#include "trainer/graders.h"
#include "trainer/memory_plan.h"
#include "trainer/row_length.h"
#include "trainer/run_state.h"
#include "trainer/sampler.h"
#include "trainer/stage_data.h"

namespace hone::trainer {
namespace {

constexpr uint64_t kSampledProblems = 64;  // of a task
constexpr uint64_t kTriedRows = 2;     // by each checker, which may be slow

Error in_prompt(Error error) {
  error.field = "prompt";
  return error;
}

// A reward of a stage, tried before the run.
struct Grader {
  const RewardConfig* reward;
  std::unique_ptr<rewards::Checker> checker;

  bool applies(const rl::Problem& problem) const {
    const auto& sources = reward->when.data_source;
    return sources.empty() || std::ranges::count(sources, problem.data_source) > 0;
  }

  // The Error's field names the reward.
  Result<void> check_gold(const rl::Problem& problem) const {
    if (!applies(problem)) return {};
    const auto readable = checker->check_gold(nlohmann::json::parse(problem.gold, nullptr, false));
    if (readable.ok()) return {};
    Error error = readable.error();
    error.field = str("gold (", reward->name, ")");
    return error;
  }

  // Why no verdict on the problem's worked answer can be had, empty if it can.
  std::string failure(const rl::Problem& problem) const {
    if (const auto readable = check_gold(problem); !readable.ok()) return readable.error().to_string();
    const nlohmann::json gold = nlohmann::json::parse(problem.gold, nullptr, false),
                         extra = nlohmann::json::parse(problem.extra_info, nullptr, false);
    const rewards::CheckInput input{.prompt = problem.prompt,
                                    .completion = problem.completion,
                                    .gold = gold.is_discarded() ? nullptr : &gold,
                                    .data_source = problem.data_source,
                                    .extra_info = extra.is_discarded() ? nullptr : &extra};
    for (const rewards::CheckResult& result : checker->check_group({&input, 1}))
      if (rl::drops_group(result.verdict)) return str(rl::to_string(result.verdict), ", ", result.reason);
    return "";
  }
};

class RunCheck {
 public:
  RunCheck(const RunConfig& config, const Model& model, std::shared_ptr<sandboxes::Sandbox> sandbox)
      : config_(config), model_(model), context_(checker_context(*model.tokenizer, std::move(sandbox))) {}

  std::vector<Error> run() {
    for (size_t i = 0; i < config_.stages.size(); ++i) check_stage(i);
    const auto fits = check_space(*model_.weights, config_);
    if (!fits.ok()) add(fits.error(), "");
    return std::move(errors_);
  }

 private:
  void add(Error error, const std::string& field) {
    if (!field.empty()) error.field = error.field.empty() ? field : field + " (" + error.field + ")";
    errors_.push_back(std::move(error));
  }
  void add(const std::string& message, const std::string& field) {
    errors_.push_back({ErrorCode::kInvalid, message, "", 0, 0, field});
  }

  void check_stage(size_t index) {
    StageConfig stage = config_.stages[index];
    const std::string path = "stages." + stage.name;
    const std::vector<Grader> graders = make_graders(stage, path);
    check_data(stage, index, graders, path);
    const auto stop = stop_rule(model_, stage.stop);
    if (!stop.ok()) add(stop.error(), path);
    const EvalData eval{stage.eval, stage.data, config_.policy.path.empty(), config_.run.seed};
    const auto questions = make_eval_source(eval, model_, [&](const rl::Problem& problem) -> Result<void> {
      const auto tokens = encode_prompt(*model_.tokenizer, problem);
      if (tokens.ok()) return {};
      return in_prompt(tokens.error());
    });
    if (!questions.ok()) add(questions.error(), path + ".eval");
    const auto fits = check_memory(*model_.weights, stage);
    if (!fits.ok()) add(fits.error(), "");
  }

  // All rows of files, and some problems of tasks.
  void check_data(StageConfig& stage, size_t index, const std::vector<Grader>& graders, const std::string& path) {
    FileSourceReport report;
    const auto source = make_stage_source(config_, index, model_, [&](const rl::Problem& problem) -> Result<void> {
      for (const Grader& grader : graders) HONE_TRY(grader.check_gold(problem));
      return {};
    }, &report);
    if (!source.ok()) return add(source.error(), path + ".data");
    const Result<void> counted = count_steps(stage, report.rows);
    if (!counted.ok()) add(counted.error(), "");
    if (!stage.data.task.empty()) check_problems(**source, stage, path + ".data");
    for (const Grader& grader : graders) try_grader(grader, **source, stage, path);
  }

  // One problem is enough to report of a stage's data.
  void check_problems(ProblemSource& source, const StageConfig& stage, const std::string& path) {
    const RowLength length(stage, model_.weights->config().max_positions, model_.tokenizer);
    for (uint64_t i = 0; i < kSampledProblems; ++i) {
      const auto problem = source.at(i);
      if (!problem.ok()) return add(problem.error(), path);
      const auto fits = length.admit(*problem);
      if (!fits.ok()) return add(fits.error(), str(path, ", problem ", i));
    }
  }

  std::vector<Grader> make_graders(const StageConfig& stage, const std::string& path) {
    std::vector<Grader> graders;
    if (stage.kind != StageKind::kGrpo) return graders;
    for (const RewardConfig& reward : stage.rewards) {
      auto checker = rewards::make_checker(
          reward.checker, nlohmann::json::parse(reward.options, nullptr, false), context_);
      if (checker.ok()) graders.push_back({&reward, std::move(*checker)});
      else add(checker.error(), path + ".rewards." + reward.name);
    }
    return graders;
  }

  // Grades worked answers, or empty ones: whatever they are worth, the checker itself must not fail.
  void try_grader(const Grader& grader, ProblemSource& source, const StageConfig& stage, const std::string& path) {
    for (uint64_t i = 0; i < kTriedRows; ++i) {
      const auto problem = source.at(i);
      if (!problem.ok() || !grader.applies(*problem)) continue;
      const std::string problem_text = grader.failure(*problem);
      if (problem_text.empty()) continue;
      const std::string& data = stage.data.path.empty() ? stage.data.task : stage.data.path;
      return add("the checker fails: " + problem_text,
                 str(path, ".rewards.", grader.reward->name, ", a row of ", data));
    }
  }

  const RunConfig& config_;
  const Model& model_;
  const rewards::CheckerContext context_;
  std::vector<Error> errors_;
};

}  // namespace

std::vector<Error> check_run(const ResolvedConfig& resolved) {
  if (const auto device = check_device(resolved.config.run.device); !device.ok()) return {device.error()};
  auto sandbox = start_sandbox(resolved.config);
  if (!sandbox.ok()) return {sandbox.error()};
  const auto model = make_model(resolved.config, policy::Use::kSample);
  if (!model.ok()) return {model.error()};
  if (!model->tokenizer)
    return {{ErrorCode::kInvalid, "has no tokenizer.json; training needs one", resolved.config.policy.path, 0, 0,
             "policy.path"}};
  return RunCheck(resolved.config, *model, std::move(*sandbox)).run();
}

}  // namespace hone::trainer
