// Stages of kind pretrain and sft: next-token prediction of given answers.
#include <algorithm>

#include "rl/pack.h"
#include "trainer/row_length.h"
#include "trainer/run_state.h"
#include "trainer/stage_data.h"

namespace hone::trainer {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Result<rl::SupervisedRow> make_row(ProblemSource& source, uint64_t index, const Model& model) {
  HONE_TRY_ASSIGN(const rl::Problem problem, source.at(index));
  HONE_TRY_ASSIGN(rl::SupervisedRow row, encode_row(*model.tokenizer, problem));
  const int64_t tokens = static_cast<int64_t>(row.prompt.size() + row.completion.size()) - 1;
  if (tokens > model.weights->config().max_positions)
    return Error{ErrorCode::kInvalid, str("row ", index, " has ", tokens, " tokens; the model takes ",
                                          model.weights->config().max_positions)};
  return row;
}

// Rows that the stage trains on: the last step of some epochs may be a smaller one.
uint64_t end_of(const StageConfig& stage, const ProblemSource& source) {
  return stage.epochs > 0 ? static_cast<uint64_t>(stage.epochs) * *source.rows() : UINT64_MAX;
}

struct StepRows {
  std::vector<rl::SupervisedRow> rows;
  int64_t prompt_tokens = 0, completion_tokens = 0;
};

Result<StepRows> read_step(RunState& run, ProblemSource& source) {
  StepRows out;
  const uint64_t count = static_cast<uint64_t>(run.stage().rows_per_step);
  const uint64_t first = static_cast<uint64_t>(run.progress().step) * count;
  const uint64_t end = std::min(first + count, end_of(run.stage(), source));
  for (uint64_t i = first; i < end; ++i) {
    HONE_TRY_ASSIGN(rl::SupervisedRow row, make_row(source, i, run.model()));
    out.prompt_tokens += static_cast<int64_t>(row.prompt.size());
    out.completion_tokens += static_cast<int64_t>(row.completion.size());
    out.rows.push_back(std::move(row));
  }
  return out;
}

Metrics metrics_of(const rl::UpdateReport& report, const StepRows& rows, double step_seconds, double train_seconds) {
  const double tokens = static_cast<double>(rows.prompt_tokens + rows.completion_tokens);
  Metrics out{{"loss", report.loss},
              {"entropy", report.entropy},
              {"grad_norm", report.grad_norm},
              {"learning_rate", report.learning_rate},
              {"tokens/prompt", static_cast<double>(rows.prompt_tokens)},
              {"tokens/completion", static_cast<double>(rows.completion_tokens)},
              {"tokens/trained", static_cast<double>(report.trained_tokens)},
              {"tokens_per_second", tokens / step_seconds},
              {"seconds/step", step_seconds},
              {"seconds/train", train_seconds}};
  if (report.expert_max_load_ratio > 0) out.emplace_back("experts/max_load_ratio", report.expert_max_load_ratio);
  return out;
}

}  // namespace

Result<void> run_supervised_stage(RunState& run) {
  HONE_TRY_ASSIGN(const auto source, open_stage_source(run));
  SupervisedLearner learner(*run.model().weights, run.optimizer(), run.stage(), run.config().policy.router_bias_rate,
                            run.stream());
  while (run.progress().step < run.stage().steps) {
    if (run.stopped()) {
      HONE_TRY(run.save());
      return Error{ErrorCode::kInterrupted,
                   str("interrupted after step ", run.progress().step, " of stage ", run.stage().name)};
    }
    const auto start = std::chrono::steady_clock::now();
    HONE_TRY_ASSIGN(const StepRows rows, read_step(run, *source));
    const auto batches = rl::pack_supervised(rows.rows, run.stage().token_budget);
    const auto train_start = std::chrono::steady_clock::now();
    const Result<rl::UpdateReport> report = learner.update(batches);
    if (!report.ok()) {
      HONE_TRY(run.save());  // a guard stops before it changes weights
      return report.error();
    }
    ++run.progress().step;
    const double seconds = seconds_since(start);
    HONE_TRY(run.finish_step(metrics_of(*report, rows, seconds, seconds_since(train_start)), seconds,
                             static_cast<double>(rows.prompt_tokens + rows.completion_tokens)));
  }
  return {};
}

}  // namespace hone::trainer
