#include "trainer/pipeline.h"

#include <filesystem>

#include "trainer/graders.h"
#include "trainer/memory_plan.h"
#include "trainer/objective.h"
#include "trainer/run_config_names.h"
#include "trainer/run_state.h"
#include "trainer/run_summary.h"
#include "trainer/stage_data.h"

namespace hone::trainer {
namespace {

std::vector<std::string> stage_names(const RunConfig& config) {
  std::vector<std::string> out;
  for (const StageConfig& stage : config.stages) out.push_back(stage.name);
  return out;
}

std::string text_of(const ConfigDifference& difference) {
  const bool is_hash = difference.path.ends_with(".data.sha256");
  return str(difference.path, is_hash ? ": the data files have changed: " : ": ", difference.old_value, " -> ",
             difference.new_value);
}

// Refuses a resume with another configuration, naming every difference; else stores this one.
Result<void> settle_config(const ResolvedConfig& config, RunDirectory& directory, size_t started_stages) {
  if (directory.has_config()) {
    HONE_TRY_ASSIGN(const auto differences, directory.differences(config.config, started_stages));
    std::string refused;
    for (const ConfigDifference& d : differences)
      if (d.change == OnResume::kRefused) refused += "\n  " + text_of(d);
    if (!refused.empty())
      return Error{ErrorCode::kInvalid,
                   "this run was started with another configuration:" + refused +
                       "\nStart a new run instead (run.name=..., and `from: " + directory.path() +
                       "` on its first stage to continue from here), or undo the change.",
                   directory.path()};
  }
  return directory.store_config(config);
}

Result<std::optional<LoadedCheckpoint>> find_checkpoint(const std::string& run_dir,
                                                        std::vector<CheckpointStatus>& skipped) {
  auto found = latest_good(run_dir, [&](const CheckpointStatus& status) { skipped.push_back(status); });
  if (found.ok()) return std::optional<LoadedCheckpoint>(std::move(*found));
  if (found.error().code == ErrorCode::kNotFound) return std::optional<LoadedCheckpoint>();
  return found.error();
}

Result<void> check_isa(const LoadedCheckpoint& checkpoint, const kernels::Backend& backend, bool allow_other) {
  const std::string isa = checkpoint.state.value("isa", "");
  if (isa == backend.name || allow_other) return {};
  return Error{ErrorCode::kInvalid,
               "the run was computed by " + isa + ", this machine computes with " + backend.name +
                   ", whose last bits differ; --allow-other-isa goes on all the same",
               checkpoint.info.path};
}

Result<void> start_stage(RunState& run, size_t index) {
  const std::string& from = run.config().stages[index].from;
  HONE_TRY_ASSIGN(const auto source, stage_start(run, index, from));
  if (source) run.model().weights->load(*source, run.stream());
  run.begin_stage(index);
  return {};
}

Result<void> run_stage(RunState& run) {
  const Progress& p = run.progress();
  HONE_TRY(run.directory().journal().begin_stage(run.stage().name, p.cursor, p.step + 1));
  run.observer().stage_started(run.stage(), p.step + 1);
  HONE_TRY(run.stage().kind == StageKind::kGrpo ? run_grpo_stage(run) : run_supervised_stage(run));
  run.observer().stage_done(run.stage());
  return {};
}

size_t last_stage(const RunConfig& config, const std::string& until) {
  for (size_t i = 0; i < config.stages.size(); ++i)
    if (config.stages[i].name == until) return i;
  return config.stages.size() - 1;
}

// Begins the next stage where the one in progress is over.
Result<void> enter_next_stage(RunState& run, size_t last) {
  if (run.progress().step < run.stage().steps || run.progress().stage_index >= last) return {};
  HONE_TRY(start_stage(run, run.progress().stage_index + 1));
  run.start_clock();
  return {};
}

Result<void> run_stages(RunState& run, size_t last) {
  while (run.progress().stage_index <= last && run.progress().step < run.stage().steps) {
    HONE_TRY(run_stage(run));
    HONE_TRY(enter_next_stage(run, last));
  }
  return {};
}

Result<void> report_resume(RunState& run, const std::vector<CheckpointStatus>& skipped) {
  const int64_t first = run.progress().step + 1;
  const std::string detail = first <= run.stage().steps ? str("first step ", first, " of stage ", run.stage().name)
                                                        : "all steps of stage " + run.stage().name + " are done";
  HONE_TRY(run.event("resume", detail, first));
  for (const CheckpointStatus& status : skipped) {
    HONE_TRY(run.event("fallback", status.path + " is damaged (" + status.problem + "); an older checkpoint is used"));
    HONE_TRY(set_aside(status.path));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<policy::ParameterSource>> stage_start(RunState& run, size_t index, const std::string& from) {
  const RunConfig& config = run.config();
  const policy::Weights& weights = *run.model().weights;
  if (from == "init" || (from.empty() && index == 0)) {
    if (config.policy.path.empty()) return initial_parameters(weights.layout(), weights.config(), config.run.seed);
    return open_source(config.policy.path, weights, policy::Use::kTrain);
  }
  const StageConfig* stage = from.empty() ? &config.stages[index - 1] : nullptr;
  for (size_t i = 0; i < index; ++i)
    if (config.stages[i].name == from) stage = &config.stages[i];
  if (stage && run.progress().stage_index + 1 == index && stage == &config.stages[index - 1] &&
      run.progress().step == stage->steps)
    return std::unique_ptr<policy::ParameterSource>();
  const std::string target =
      stage ? join_path(run.directory().path(), str("checkpoints/", stage->name, "-", stage->steps)) : from;
  HONE_TRY_ASSIGN(const FoundTarget found, find_target(target));
  return open_source(found.path, weights, policy::Use::kTrain);
}

Result<RunOutcome> run_pipeline(const ResolvedConfig& asked, const RunOptions& options, ThreadTeam& team) {
  ResolvedConfig resolved = asked;
  RunConfig& config = resolved.config;
  const kernels::Stream stream{&team};
  HONE_TRY(check_device(config.run.device));
  HONE_TRY(load_torch());
  HONE_TRY_ASSIGN(RunDirectory directory, RunDirectory::open(std::filesystem::absolute(config.run.dir).string()));
  const std::string run_dir = directory.path();
  const bool resumed = directory.has_config();
  std::vector<CheckpointStatus> skipped;
  HONE_TRY_ASSIGN(const auto checkpoint, find_checkpoint(run_dir, skipped));
  size_t started = resumed ? 1 : 0;
  std::map<std::string, int64_t> offsets;
  Progress progress;
  if (checkpoint) {
    HONE_TRY_ASSIGN(progress, parse_progress(checkpoint->state, join_path(checkpoint->info.path, "state.json")));
    started = progress.stage_index + 1;
    offsets = checkpoint->offsets;
  }
  HONE_TRY(settle_hashes(config));
  HONE_TRY(settle_config(resolved, directory, started));
  HONE_TRY_ASSIGN(auto sandbox, start_sandbox(config));
  HONE_TRY_ASSIGN(Model model, make_model(config, policy::Use::kTrain));
  HONE_TRY(settle_steps(config, model));
  HONE_TRY(check_space(*model.weights, config));
  for (const StageConfig& stage : config.stages) HONE_TRY(check_memory(*model.weights, stage));
  if (checkpoint) HONE_TRY(check_isa(*checkpoint, model.weights->backend(), options.allow_other_isa));
  HONE_TRY(directory.restore(offsets, stage_names(config), progress.stage_index, progress.step));
  RunState run(config, options, std::move(directory), std::move(model), std::move(sandbox), stream);
  run.observer().run_started(resolved, run_dir);
  if (checkpoint) {
    HONE_TRY(run.restore(*checkpoint));
  } else {
    HONE_TRY(start_stage(run, 0));
    for (const std::string& note : run.model().notes) HONE_TRY(run.event("model", note));
  }
  run.start_clock();
  const size_t last = last_stage(config, options.until);
  HONE_TRY(enter_next_stage(run, last));
  if (resumed) HONE_TRY(report_resume(run, skipped));
  HONE_TRY(run_stages(run, last));
  return summarize_run(config, run_dir);
}

}  // namespace hone::trainer
