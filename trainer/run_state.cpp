#include "trainer/run_state.h"

#include <cstring>

#include "base/philox.h"
#include "policy/file_parameters.h"
#include "trainer/evaluator.h"
#include "trainer/run_config_names.h"
#include "trainer/stage_data.h"

namespace hone::trainer {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Copies moments by name into an arena of the weights' layout.
Result<void> read_moments(const LoadedCheckpoint& checkpoint, const std::string& prefix, const policy::Weights& weights,
                          const policy::Arena& arena) {
  for (const policy::Parameter& p : weights.layout().parameters) {
    const policy::TensorView* tensor = checkpoint.optimizer.find(prefix + p.name);
    if (!tensor || tensor->dtype != policy::DType::kF32 || tensor->bytes().size() != static_cast<size_t>(p.size()) * 4)
      return Error{ErrorCode::kCorrupt, "tensor " + prefix + p.name + " is missing or of another shape",
                   checkpoint.optimizer.path()};
    weights.backend().write(arena.at(p.offset), tensor->data, tensor->bytes().size(), {});
  }
  return {};
}

}  // namespace

nlohmann::json to_json(const Progress& p, const std::string& isa) {
  return {{"stage_index", p.stage_index}, {"step", p.step},           {"cursor", p.cursor}, {"version", p.version},
          {"seconds", p.seconds},         {"reference", p.reference}, {"isa", isa}};
}

Result<Progress> parse_progress(const nlohmann::json& state, const std::string& file) {
  Progress p;
  try {
    state.at("stage_index").get_to(p.stage_index);
    state.at("step").get_to(p.step);
    state.at("cursor").get_to(p.cursor);
    state.at("version").get_to(p.version);
    state.at("seconds").get_to(p.seconds);
    state.at("reference").get_to(p.reference);
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, error.what(), file};
  }
  return p;
}

RunState::RunState(const RunConfig& config, const RunOptions& options, RunDirectory directory, Model model,
                   std::shared_ptr<sandboxes::Sandbox> sandbox, const kernels::Stream& stream)
    : config_(config),
      options_(options),
      directory_(std::move(directory)),
      model_(std::move(model)),
      sandbox_(std::move(sandbox)),
      stream_(stream),
      optimizer_(*model_.weights),
      observer_(options.observer ? options.observer : &silent_) {}

Result<void> RunState::restore(const LoadedCheckpoint& checkpoint) {
  HONE_TRY_ASSIGN(progress_, parse_progress(checkpoint.state, join_path(checkpoint.info.path, "state.json")));
  policy::Weights& weights = *model_.weights;
  if (weights.backend().compact == kernels::DType::kBf16 && !policy::has_masters(checkpoint.optimizer))
    return Error{ErrorCode::kCorrupt, "holds no masters of the bf16 weights", checkpoint.optimizer.path()};
  HONE_TRY(load_weights(checkpoint.info.path, weights, stream_));
  HONE_TRY(read_moments(checkpoint, "exp_avg.", weights, optimizer_.first_moment()));
  HONE_TRY(read_moments(checkpoint, "exp_avg_sq.", weights, optimizer_.second_moment()));
  optimizer_.set_steps(checkpoint.optimizer_step);
  saved_ = {progress_.stage_index, progress_.step};
  return {};
}

void RunState::begin_stage(size_t index) {
  progress_ = {};
  progress_.stage_index = index;
  optimizer_.reset(stream_);
}

void RunState::start_clock() {
  clock_start_ = last_save_ = std::chrono::steady_clock::now();
  clock_offset_ = progress_.seconds;
}

double RunState::stage_seconds() const { return clock_offset_ + seconds_since(clock_start_); }

CheckpointContents RunState::tensors() const {
  CheckpointContents out;
  const policy::Weights& weights = *model_.weights;
  const auto add = [&](const void* base, const std::string& prefix, std::vector<policy::TensorOut>& tensors) {
    for (policy::TensorOut& tensor : parameter_tensors(weights, base, prefix)) tensors.push_back(std::move(tensor));
  };
  out.weights = exported_tensors(model_);
  if (weights.backend().compact == kernels::DType::kBf16) add(weights.at(0), "", out.masters);
  add(optimizer_.first_moment().at(0), "exp_avg.", out.moments);
  add(optimizer_.second_moment().at(0), "exp_avg_sq.", out.moments);
  out.optimizer_step = optimizer_.steps();
  return out;
}

std::string RunState::hash() const { return state_sha256(tensors()); }

Result<void> RunState::event(const std::string& name, const std::string& detail) {
  return event(name, detail, progress_.step);
}

Result<void> RunState::event(const std::string& name, const std::string& detail, int64_t step) {
  observer_->event(name, detail);
  return directory_.write_event({stage_seconds(), stage().name, step, name, detail});
}

Result<void> RunState::evaluate(Metrics& metrics) {
  const EvalConfig& eval = stage().eval;
  EvalRequest request;
  request.target = directory_.path();
  request.task = eval.task.empty() ? eval.path : eval.task;
  request.checker = eval.checker;
  request.checker_options = eval.checker_options;
  request.sandbox = sandbox_;
  request.problems = eval.problems;
  request.samples = static_cast<int32_t>(eval.samples);
  request.params = {static_cast<float>(eval.temperature), static_cast<float>(eval.top_p), 0};
  request.max_new_tokens = static_cast<int32_t>(eval.max_new_tokens);
  request.stop = stage().stop;
  request.key = mix64(config_.run.seed, progress_.stage_index + 1, Purpose::kEval);
  HONE_TRY_ASSIGN(const auto source,
                  make_eval_source({eval, stage().data, config_.policy.path.empty(), config_.run.seed}, model_));
  HONE_TRY_ASSIGN(const EvalReport report,
                  evaluate_model(model_, *source, request, config_.rollout, stream_, options_.stop));
  observer_->evaluated(stage(), progress_.step, report);
  for (auto& metric : to_metrics(report, eval.name)) metrics.push_back(std::move(metric));
  return {};
}

bool RunState::checkpoint_due() const {
  if (progress_.step == stage().steps) return true;
  if (stage().checkpoint_every > 0) return progress_.step % stage().checkpoint_every == 0;
  return seconds_since(last_save_) >= static_cast<double>(config_.checkpoint.every_seconds);
}

Result<void> RunState::finish_step(Metrics metrics, double step_seconds, double tokens) {
  row_is_missing_ = true;
  const EvalConfig& eval = stage().eval;
  const bool last = progress_.step == stage().steps;
  if ((last && eval.at_end) || (eval.every > 0 && progress_.step % eval.every == 0)) HONE_TRY(evaluate(metrics));
  if (checkpoint_seconds_) metrics.emplace_back("seconds/checkpoint", *checkpoint_seconds_);
  checkpoint_seconds_.reset();
  const double time = progress_.seconds = stage_seconds();
  HONE_TRY(directory_.write_row(stage().name, name_of(stage().kind), progress_.step, time, metrics));
  row_is_missing_ = false;
  if (checkpoint_due()) HONE_TRY(save());
  StepProgress shown{progress_.step,
                     stage().steps,
                     time,
                     step_seconds > 0 ? tokens / step_seconds : 0,
                     time / static_cast<double>(progress_.step) * static_cast<double>(stage().steps - progress_.step),
                     {}};
  shown.metrics.insert(metrics.begin(), metrics.end());
  observer_->step_done(stage(), shown);
  return {};
}

Result<void> RunState::save() {
  if (progress_.step == 0 || row_is_missing_ || saved_ == std::pair{progress_.stage_index, progress_.step}) return {};
  const auto start = std::chrono::steady_clock::now();
  CheckpointContents contents = tensors();
  contents.stage = stage().name;
  contents.step = progress_.step;
  contents.max_shard_bytes = config_.checkpoint.max_shard_bytes;
  contents.state_sha256 = state_sha256(contents);
  contents.extra_files = model_files(model_);
  progress_.seconds = stage_seconds();
  contents.state = to_json(progress_, model_.weights->backend().name);
  const bool done = progress_.step == stage().steps;
  HONE_TRY(directory_.journal().note_step(progress_.step, progress_.cursor, contents.state_sha256));
  if (done) HONE_TRY(directory_.journal().note_stage_done(progress_.step, contents.state_sha256));
  HONE_TRY(directory_.journal().commit());
  contents.offsets = directory_.offsets();
  HONE_TRY(save_checkpoint(directory_.path(), contents));
  HONE_TRY(apply_retention(directory_.path(), static_cast<int>(config_.checkpoint.keep), {}));
  saved_ = {progress_.stage_index, progress_.step};
  last_save_ = std::chrono::steady_clock::now();
  checkpoint_seconds_ = seconds_since(start);
  return {};
}

}  // namespace hone::trainer
