#include "trainer/stage_data.h"

#include <algorithm>
#include <map>
#include <thread>

#include "base/philox.h"
#include "trainer/data_files.h"
#include "trainer/row_length.h"
#include "trainer/run_state.h"

namespace hone::trainer {
namespace {

// Of grading and tokenizing rows before a stage begins; results do not depend on it.
int row_threads(const RunConfig& config) {
  const int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  return static_cast<int>(config.run.threads > 0 ? config.run.threads : cores);
}

Result<PromptTemplate> template_of(const DataConfig& data, bool from_scratch, bool is_task, const Model& model) {
  return PromptTemplate::make(resolve_template(data.prompt_template, from_scratch, is_task, *model.tokenizer),
                              model.tokenizer);
}

Result<std::unique_ptr<ProblemSource>> task_source(const RunConfig& config, size_t index, PromptTemplate prompts) {
  const StageConfig& stage = config.stages[index];
  const DataConfig& data = stage.data;
  TaskSourceOptions options;
  options.task = data.task;
  options.difficulty = static_cast<int>(data.difficulty);
  options.key = mix64(config.run.seed, index + 1, Purpose::kTask);
  options.corpus = {data.chain_share, data.malformed_share};
  options.late = {data.chain_share_late, data.malformed_share};
  if (stage.kind != StageKind::kGrpo)
    options.late_from = static_cast<uint64_t>(data.late_from * static_cast<double>(stage.steps)) *
                        static_cast<uint64_t>(stage.rows_per_step);
  options.prompt_template = std::move(prompts);
  return make_task_source(options);
}

// The hash of the files, which must be the one that is given.
Result<void> settle_hash(const std::string& path, const std::string& field, std::map<std::string, std::string>& known,
                         std::string& sha256) {
  if (path.empty()) return {};
  if (!known.contains(path)) {
    HONE_TRY_ASSIGN(const std::vector<std::string> files, find_data_files(path));
    HONE_TRY_ASSIGN(known[path], data_sha256(files));
  }
  if (sha256.empty()) sha256 = known[path];
  if (sha256 == known[path]) return {};
  return Error{.message = str("the files have changed: their SHA-256 is ", known[path], ", not ", sha256),
               .file = path,
               .field = field};
}

}  // namespace

Result<std::unique_ptr<ProblemSource>> make_stage_source(const RunConfig& config, size_t index, const Model& model,
                                                         CheckProblem check, FileSourceReport* report) {
  const StageConfig& stage = config.stages[index];
  const DataConfig& data = stage.data;
  const bool imitated = stage.kind != StageKind::kGrpo, is_task = data.path.empty();
  HONE_TRY_ASSIGN(PromptTemplate prompts, template_of(data, config.policy.path.empty(), is_task, model));
  if (is_task) return task_source(config, index, std::move(prompts));
  FileSourceOptions options;
  options.path = data.path;
  options.format = data.format;
  options.columns = data.columns;
  options.needs = {.gold = !imitated, .completion = imitated};
  options.prompt_template = std::move(prompts);
  options.completion_template = data.completion_template;
  options.shuffle = data.shuffle;
  options.key = mix64(config.run.seed, index + 1, Purpose::kShuffle);
  options.sha256 = data.sha256;
  options.threads = row_threads(config);
  if (!check && data.too_long == TooLong::kError) return make_file_source(options, report);
  const auto length =
      std::make_shared<RowLength>(stage, model.weights->config().max_positions, model.tokenizer);
  options.admit = [length, check = std::move(check)](const rl::Problem& problem) -> Result<bool> {
    HONE_TRY_ASSIGN(const bool fits, length->admit(problem));
    if (fits && check) HONE_TRY(check(problem));
    return fits;
  };
  return make_file_source(options, report);
}

Result<std::unique_ptr<ProblemSource>> open_stage_source(RunState& run) {
  FileSourceReport report;
  HONE_TRY_ASSIGN(auto source,
                  make_stage_source(run.config(), run.progress().stage_index, run.model(), {}, &report));
  if (report.left_out > 0 && run.progress().step == 0)
    HONE_TRY(run.event("left_out", str(report.left_out, " of ", report.left_out + report.rows, " rows of ",
                                       run.stage().data.path, " are too long")));
  return source;
}

Result<std::unique_ptr<ProblemSource>> make_eval_source(const EvalData& what, const Model& model, CheckProblem check) {
  const EvalConfig& eval = what.eval;
  HONE_TRY_ASSIGN(PromptTemplate prompts, template_of(what.data, what.from_scratch, eval.path.empty(), model));
  if (!eval.path.empty()) {
    FileSourceOptions options;
    options.path = eval.path;
    options.format = eval.format;
    options.columns = eval.columns;
    options.shuffle = false;
    options.prompt_template = std::move(prompts);
    options.max_rows = static_cast<uint64_t>(eval.problems);
    if (check) {
      options.admit = [check = std::move(check)](const rl::Problem& problem) -> Result<bool> {
        HONE_TRY(check(problem));
        return true;
      };
    }
    return make_file_source(options);
  }
  TaskSourceOptions options;
  options.task = eval.task;
  options.difficulty = static_cast<int>(std::max<int64_t>(1, eval.difficulty));
  options.key = mix64(what.seed, 0, Purpose::kEval);
  options.split = rewards::Split::kHeldOut;
  options.prompt_template = std::move(prompts);
  return make_task_source(options);
}

Result<void> settle_hashes(RunConfig& config) {
  std::map<std::string, std::string> known;
  for (StageConfig& stage : config.stages) {
    const std::string path = "stages." + stage.name;
    HONE_TRY(settle_hash(stage.data.path, path + ".data.path", known, stage.data.sha256));
    HONE_TRY(settle_hash(stage.eval.path, path + ".eval.path", known, stage.eval.sha256));
  }
  return {};
}

Result<void> count_steps(StageConfig& stage, int64_t rows) {
  if (stage.epochs == 0) return {};
  stage.steps = (rows * stage.epochs + stage.rows_per_step - 1) / stage.rows_per_step;
  if (stage.warmup_steps <= stage.steps) return {};
  return Error{.message = str("is ", stage.warmup_steps, ", but the epochs have ", stage.steps, " steps"),
               .field = "stages." + stage.name + ".warmup_steps"};
}

Result<void> settle_steps(RunConfig& config, const Model& model) {
  for (size_t i = 0; i < config.stages.size(); ++i) {
    if (config.stages[i].epochs == 0) continue;
    HONE_TRY_ASSIGN(const auto source, make_stage_source(config, i, model));
    HONE_TRY(count_steps(config.stages[i], static_cast<int64_t>(*source->rows())));
  }
  return {};
}

}  // namespace hone::trainer
