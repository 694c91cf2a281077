// What `hone check` looks at: everything that would stop a run later and can be seen before it starts.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "rewards/checker.h"
#include "rl/verdict.h"
#include "trainer/evaluator.h"
#include "trainer/graders.h"
#include "trainer/run_state.h"
#include "trainer/sampler.h"

namespace hone::trainer {
namespace {

constexpr uint64_t kSampledRows = 64;  // of the data of each stage
constexpr uint64_t kTriedRows = 2;     // by each checker, which may be slow

class RunCheck {
 public:
  RunCheck(const RunConfig& config, const Model& model, std::shared_ptr<sandboxes::Sandbox> sandbox)
      : config_(config), model_(model), context_(checker_context(*model.tokenizer, std::move(sandbox))) {}

  std::vector<Error> run() {
    for (size_t i = 0; i < config_.stages.size(); ++i) check_stage(i);
    return std::move(errors_);
  }

 private:
  void add(Error error, const std::string& field) {
    error.field = error.field.empty() ? field : field + " (" + error.field + ")";
    errors_.push_back(std::move(error));
  }
  void add(const std::string& message, const std::string& field) {
    errors_.push_back({ErrorCode::kInvalid, message, "", 0, 0, field});
  }

  void check_stage(size_t index) {
    const StageConfig& stage = config_.stages[index];
    const std::string path = "stages." + stage.name;
    const auto source = make_stage_source(config_, index);
    if (!source.ok()) {
      add(source.error(), path + ".data");
    } else {
      for (uint64_t i = 0; i < kSampledRows; ++i)
        if (!check_row(**source, i, stage, path)) break;
    }
    if (stage.kind == StageKind::kGrpo) check_rewards(stage, path, source.ok() ? source->get() : nullptr);
    const auto stop = stop_tokens(*model_.tokenizer, stage.stop);
    if (!stop.ok()) add(stop.error(), path);
    const auto eval = make_eval_source(stage.eval, stage.data, config_.run.seed);
    if (!eval.ok()) add(eval.error(), path + ".eval");
  }

  // One problem is enough to report of a stage's data.
  bool check_row(ProblemSource& source, uint64_t i, const StageConfig& stage, const std::string& path) {
    const auto problem = source.at(i);
    if (!problem.ok()) return add(problem.error(), path + ".data"), false;
    const std::string where = str(path, ".data, row ", i);
    const auto prompt = encode_prompt(*model_.tokenizer, problem->prompt);
    if (!prompt.ok()) return add(prompt.error(), where + ", prompt"), false;
    int64_t tokens = static_cast<int64_t>(prompt->size()) + stage.max_new_tokens;
    if (stage.kind != StageKind::kGrpo) {
      const auto completion = model_.tokenizer->encode(problem->completion);
      if (!completion.ok()) return add(completion.error(), where + ", completion"), false;
      tokens = static_cast<int64_t>(prompt->size() + completion->size());
    }
    const int64_t most = model_.weights->config().max_positions;
    if (tokens <= most) return true;
    return add(str("takes up to ", tokens, " tokens, the model ", most, " (policy.max_positions)"), where), false;
  }

  void check_rewards(const StageConfig& stage, const std::string& path, ProblemSource* source) {
    for (const RewardConfig& reward : stage.rewards) {
      const std::string where = path + ".rewards." + reward.name;
      const auto checker = rewards::make_checker(
          reward.checker, nlohmann::json::parse(reward.options, nullptr, false), context_);
      if (!checker.ok()) {
        add(checker.error(), where);
        continue;
      }
      const auto& sources = reward.when.data_source;
      for (uint64_t i = 0; source && i < kSampledRows; ++i) {
        const auto problem = source->at(i);
        if (!problem.ok()) break;
        if (!sources.empty() && std::ranges::count(sources, problem->data_source) == 0) continue;
        const std::string row =
            str(where, ", row ", i, " of ", stage.data.path.empty() ? stage.data.task : stage.data.path);
        if (!try_checker(**checker, *problem, i < kTriedRows, row)) break;
      }
    }
  }

  // One problem is enough to report of a reward.
  bool try_checker(const rewards::Checker& checker, const rl::Problem& problem, bool grade, const std::string& where) {
    const nlohmann::json gold = nlohmann::json::parse(problem.gold, nullptr, false),
                         extra = nlohmann::json::parse(problem.extra_info, nullptr, false);
    const auto readable = checker.check_gold(gold);
    if (!readable.ok()) return add(readable.error(), where), false;
    if (!grade) return true;
    const rewards::CheckInput input{.prompt = problem.prompt,
                                    .completion = problem.completion,
                                    .gold = gold.is_discarded() ? nullptr : &gold,
                                    .data_source = problem.data_source,
                                    .extra_info = extra.is_discarded() ? nullptr : &extra};
    for (const rewards::CheckResult& result : checker.check_group({&input, 1})) {
      if (!rl::drops_group(result.verdict)) continue;
      return add(str("the checker fails: ", rl::to_string(result.verdict), ", ", result.reason), where), false;
    }
    return true;
  }

  const RunConfig& config_;
  const Model& model_;
  const rewards::CheckerContext context_;
  std::vector<Error> errors_;
};

}  // namespace

std::vector<Error> check_run(const ResolvedConfig& resolved) {
  auto sandbox = start_sandbox(resolved.config);
  if (!sandbox.ok()) return {sandbox.error()};
  ThreadTeam team(1);
  const auto model = make_model(resolved.config, {&team});
  if (!model.ok()) return {model.error()};
  if (!model->tokenizer)
    return {{ErrorCode::kInvalid, "has no tokenizer.json; training needs one", resolved.config.policy.path, 0, 0,
             "policy.path"}};
  return RunCheck(resolved.config, *model, std::move(*sandbox)).run();
}

}  // namespace hone::trainer
