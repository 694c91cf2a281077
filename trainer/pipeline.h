// Runs the stages of a configuration in its run directory, from where it stands to the end.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_team.h"
#include "trainer/evaluation.h"
#include "trainer/run_config_load.h"

namespace hone::trainer {

// What a step says for the terminal.
struct StepProgress {
  int64_t step = 0;   // 1-based: steps done
  int64_t steps = 0;  // of the stage
  double stage_seconds = 0, tokens_per_second = 0, seconds_left = 0;
  std::map<std::string, double> metrics;  // the row of metrics.jsonl
};

struct ShownSample {
  std::string prompt, completion, gold;
  double reward = 0;
};

// Told what happens, by the thread that runs the pipeline. Does not influence the run.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void run_started(const ResolvedConfig&, const std::string& /*run_dir*/) {}
  virtual void stage_started(const StageConfig&, int64_t /*first_step*/) {}
  virtual void step_done(const StageConfig&, const StepProgress&) {}
  virtual void sample_shown(const StageConfig&, int64_t /*step*/, const ShownSample&) {}
  virtual void evaluated(const StageConfig&, int64_t /*step*/, const EvalReport&) {}
  virtual void event(const std::string& /*event*/, const std::string& /*detail*/) {}
  virtual void stage_done(const StageConfig&) {}
};

// A line of the final table: one stage's end (or "init"), from metrics.jsonl, so that it is complete after resumes too.
struct StageSummary {
  std::string stage, kind;
  int64_t steps = 0;
  double seconds = 0;
  double tokens = 0;                   // prompt and completion tokens processed
  std::map<std::string, double> eval;  // keys of `eval --json` without the prefix; empty: not evaluated
  // Sums over the steps of a grpo stage, seconds: phases as in the metrics, and whole steps.
  double sampling = 0, grading = 0, grading_after_sampling = 0, training = 0, stepping = 0;
};

struct RunOptions {
  std::string until;  // stop after this stage; empty: all
  const std::atomic<bool>* stop = nullptr;
  RunObserver* observer = nullptr;
  bool allow_other_isa = false;
};

struct RunOutcome {
  std::string run_dir, last_checkpoint;
  std::vector<StageSummary> stages;
};

// Errors: kInUse, kInvalid (a resume with another configuration: every difference), kGuard, kInterrupted (state is
// saved), kIo.
Result<RunOutcome> run_pipeline(const ResolvedConfig& config, const RunOptions& options, ThreadTeam& team);

// What can be checked without training: data heads and golds, checkers, templates, sequence lengths against the model,
// memory, disk. All problems, empty when there are none.
std::vector<Error> check_run(const ResolvedConfig& config);

}  // namespace hone::trainer
