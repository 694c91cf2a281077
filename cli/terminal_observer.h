// A run as people see it on stderr: a status line on a terminal, plain lines elsewhere; events, evaluations and a few
// answers in both.
#pragma once

#include <chrono>
#include <string>

#include "base/progress.h"
#include "trainer/pipeline.h"

namespace hone::cli {

// Owned by the thread that runs the pipeline.
class TerminalObserver final : public trainer::RunObserver {
 public:
  // Writes to the descriptor, which stays open.
  explicit TerminalObserver(int fd) : lines_(fd) {}

  void run_started(const trainer::ResolvedConfig& config, const std::string& run_dir) override;
  void stage_started(const trainer::StageConfig& stage, int64_t first_step) override;
  void step_done(const trainer::StageConfig& stage, const trainer::StepProgress& progress) override;
  void sample_shown(const trainer::StageConfig& stage, int64_t step, const trainer::ShownSample& sample) override;
  void evaluated(const trainer::StageConfig& stage, int64_t step, const trainer::EvalReport& report) override;
  void event(const std::string& event, const std::string& detail) override;
  void stage_done(const trainer::StageConfig& stage) override;

  // Takes the status line away; what is printed next starts at a line of its own.
  void clear() { lines_.clear(); }

 private:
  void redraw(const std::string& status, bool last);

  StatusLine lines_;
  Pace pace_;  // of the stage
  std::string last_shown_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now(), last_drawn_;
};

// "zero 12/50  0:42 left  reward 0.534  accuracy 0.481  length 22.1  18,312 tokens/s"; a number that a step lacks is
// left out.
std::string progress_text(const trainer::StageConfig& stage, const trainer::StepProgress& progress);

}  // namespace hone::cli
