// The final table of a run, read back from its metrics so that it is complete after any number of resumes.
#pragma once

#include "trainer/pipeline.h"

namespace hone::trainer {

// One line for each stage that made a step, and "init" first where the run was evaluated before its first step.
Result<RunOutcome> summarize_run(const RunConfig& config, const std::string& run_dir);

}  // namespace hone::trainer
