// The data of a run: the problems that its stages train on and are evaluated on, as the configuration describes them.
#pragma once

#include <functional>
#include <memory>

#include "trainer/model.h"
#include "trainer/problem_source.h"
#include "trainer/run_config.h"

namespace hone::trainer {

// Asked of every row of a file, from several threads.
using CheckProblem = std::function<Result<void>(const rl::Problem&)>;

// The problems that a stage trains on. `index` is the stage's place in the configuration. The lengths of rows are
// judged where `check` is given or too long ones are dropped. The report is filled for files.
Result<std::unique_ptr<ProblemSource>> make_stage_source(const RunConfig& config, size_t index, const Model& model,
                                                         CheckProblem check = {}, FileSourceReport* report = nullptr);

// The same of the stage in progress; says at its start how many rows are left out.
class RunState;
Result<std::unique_ptr<ProblemSource>> open_stage_source(RunState& run);

// The held-out problems of a task, seeded, or the first rows of files. `data` says how prompts are rendered.
struct EvalData {
  const EvalConfig& eval;
  const DataConfig& data;
  bool from_scratch = false;  // the policy was made, not loaded
  uint64_t seed = 0;
};
Result<std::unique_ptr<ProblemSource>> make_eval_source(const EvalData& what, const Model& model,
                                                        CheckProblem check = {});

// Fills in the hashes of all files. Error where the configuration has another one.
Result<void> settle_hashes(RunConfig& config);

// Fills in the steps of a stage that is given in epochs over so many rows.
Result<void> count_steps(StageConfig& stage, int64_t rows);
// The same for all stages, once their data is read: of the rows that are kept.
Result<void> settle_steps(RunConfig& config, const Model& model);

}  // namespace hone::trainer
