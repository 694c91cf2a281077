// What the stages of a run share: the policy, its optimizer, the run directory, and where the run stands.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandboxes/sandbox.h"
#include "trainer/learner.h"
#include "trainer/model.h"
#include "trainer/pipeline.h"
#include "trainer/problem_source.h"
#include "trainer/run_directory.h"

namespace hone::trainer {

using Metrics = std::vector<std::pair<std::string, double>>;

// All that a checkpoint holds besides tensors. step counts the steps done in the stage.
struct Progress {
  size_t stage_index = 0;
  int64_t step = 0;
  uint64_t cursor = 0;   // grpo: the next group's serial
  int64_t version = 0;   // grpo: updates made
  double seconds = 0;    // spent in the stage
  std::string reference; // grpo with a KL term: hash of the reference's weights
};

nlohmann::json to_json(const Progress& progress, const std::string& isa);
// Error kCorrupt when a field is missing or of another type.
Result<Progress> parse_progress(const nlohmann::json& state, const std::string& file);

// Owned by one thread; the stages run on it one after another.
class RunState {
 public:
  // `sandbox`: null where no checker runs programs.
  RunState(const RunConfig& config, const RunOptions& options, RunDirectory directory, Model model,
           std::shared_ptr<sandboxes::Sandbox> sandbox, const kernels::Stream& stream);

  const RunConfig& config() const { return config_; }
  const StageConfig& stage() const { return config_.stages[progress_.stage_index]; }
  const kernels::Stream& stream() const { return stream_; }
  RunDirectory& directory() { return directory_; }
  Model& model() { return model_; }
  const std::shared_ptr<sandboxes::Sandbox>& sandbox() const { return sandbox_; }
  Optimizer& optimizer() { return optimizer_; }
  Progress& progress() { return progress_; }
  RunObserver& observer() { return *observer_; }
  const std::atomic<bool>* stop_flag() const { return options_.stop; }
  bool stopped() const { return options_.stop && *options_.stop; }

  // Weights, moments and progress of a checkpoint.
  Result<void> restore(const LoadedCheckpoint& checkpoint);
  // At the start of a stage: fresh optimizer and progress.
  void begin_stage(size_t index);
  // Starts the stage's clock from progress().seconds.
  void start_clock();
  double stage_seconds() const;

  // After a step: evaluation if one is due, the row of metrics, a checkpoint if one is due. progress() already counts
  // the step.
  Result<void> finish_step(Metrics metrics, double step_seconds, double tokens);
  // An evaluation of the policy as it is; adds its numbers to the metrics.
  Result<void> evaluate(Metrics& metrics);
  // Saves unless this state is saved already, is the beginning of a stage (the end of the one before is saved), or is
  // in the middle of a step: a step without its row of metrics is repeated.
  Result<void> save();
  // Hash of weights, moments and optimizer step.
  std::string hash() const;
  // Of the last step done, or of `step`.
  Result<void> event(const std::string& name, const std::string& detail);
  Result<void> event(const std::string& name, const std::string& detail, int64_t step);

 private:
  bool checkpoint_due() const;
  // Tensors and optimizer step of a checkpoint.
  CheckpointContents tensors() const;

  const RunConfig& config_;
  const RunOptions& options_;
  RunDirectory directory_;
  Model model_;
  const std::shared_ptr<sandboxes::Sandbox> sandbox_;
  const kernels::Stream stream_;
  Optimizer optimizer_;
  Progress progress_;
  RunObserver silent_;
  RunObserver* observer_;
  std::chrono::steady_clock::time_point clock_start_, last_save_;
  double clock_offset_ = 0;
  std::optional<double> checkpoint_seconds_;  // of the last save, for the next row
  std::pair<size_t, int64_t> saved_{SIZE_MAX, -1};
  bool row_is_missing_ = false;  // of the last step
};

// The loops of the kinds of stages: from progress() to the stage's end. Error kInterrupted after saving.
Result<void> run_supervised_stage(RunState& run);
Result<void> run_grpo_stage(RunState& run);

// The weights that a stage starts from; nullptr where they are those of the run so far.
Result<std::unique_ptr<policy::ParameterSource>> stage_start(RunState& run, size_t index, const std::string& from);

}  // namespace hone::trainer
