// Evaluation of a policy: samples answers to problems, grades them and computes the report.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/decoder.h"
#include "sandboxes/sandbox.h"
#include "trainer/evaluation.h"
#include "trainer/model.h"
#include "trainer/problem_source.h"

namespace hone::trainer {

struct EvalRequest {
  std::string target, task;  // for the report
  std::string checker = "answer";
  std::string checker_options = "{}";
  std::shared_ptr<sandboxes::Sandbox> sandbox;  // null where the checker runs no programs
  int64_t problems = 512;
  int32_t samples = 8;
  policy::SamplingParams params;
  int32_t max_new_tokens = 64;
  std::vector<std::string> stop;
  uint64_t key = 0;  // of the sampling
};

// One graded answer, for showing.
struct EvalAnswer {
  std::string prompt, completion, gold;
  bool correct = false;
};

// Problems 0 .. request.problems - 1 of the source (a file with fewer rows: its rows). `shown`, if given, gets the
// first answer of each problem. Error kInterrupted when `stop` becomes true.
Result<EvalReport> evaluate_model(const Model& model, ProblemSource& problems, const EvalRequest& request,
                                  const RolloutSection& rollout, const kernels::Stream& stream,
                                  const std::atomic<bool>* stop, std::vector<EvalAnswer>* shown = nullptr);

}  // namespace hone::trainer
