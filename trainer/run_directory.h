// The files of a run besides its checkpoints: lock, configuration, journal, and what is derived from the steps
// (metrics, events, TensorBoard, rollouts). Derived files are cut back to a checkpoint's offsets, so that each step
// stands in them once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/metrics.h"
#include "base/tensorboard.h"
#include "rl/step_result.h"
#include "trainer/journal.h"
#include "trainer/run_config_load.h"
#include "trainer/run_config_resume.h"

namespace hone::trainer {

// Owned by one thread. Holds the run's lock as long as it lives.
class RunDirectory {
 public:
  // Makes the directory and takes the lock (Error kInUse); removes leftovers of killed writes.
  static Result<RunDirectory> open(const std::string& path);

  const std::string& path() const { return path_; }
  bool has_config() const;
  // What differs between the stored configuration and this one. started_stages: stages that have made a step.
  Result<std::vector<ConfigDifference>> differences(const RunConfig& now, size_t started_stages) const;
  Result<void> store_config(const ResolvedConfig& config);

  // Opens the files, cut back to `offsets` of a checkpoint (empty: to nothing), and removes rollouts of `stages` beyond
  // it: of the stage at `stage_index` after `step`, and of later ones.
  Result<void> restore(const std::map<std::string, int64_t>& offsets, const std::vector<std::string>& stages,
                       size_t stage_index, int64_t step);
  std::map<std::string, int64_t> offsets() const;

  Journal& journal() { return *journal_; }
  // A line of metrics.jsonl, and its numbers to TensorBoard.
  Result<void> write_row(const std::string& stage, const std::string& kind, int64_t step, double time,
                         const std::vector<std::pair<std::string, double>>& metrics);
  Result<void> write_event(const Event& event);
  // rollouts/<stage>/step-<n>.jsonl.
  Result<void> write_rollouts(const std::string& stage, int64_t step, const std::string& rows);

 private:
  RunDirectory(std::string path, LockFile lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string file(const std::string& name) const { return join_path(path_, name); }
  Result<void> open_tensorboard(const std::string& stage);
  Result<void> remove_rollouts(const std::string& stage, int64_t after_step);

  std::string path_;
  LockFile lock_;
  std::optional<Journal> journal_;
  std::optional<MetricsWriter> metrics_, events_;
  std::optional<TensorBoardWriter> tensorboard_;  // tensorboard/<stage>/, so that equal names of stages stay apart
  std::string tensorboard_stage_;
};

// One row a sample, of all groups drawn, as rollouts/ holds them.
std::string rollout_rows(const rl::StepResult& result, int64_t step);

}  // namespace hone::trainer
