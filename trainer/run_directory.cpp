#include "trainer/run_directory.h"

#include <charconv>
#include <chrono>

#include "base/json.h"
#include "rl/verdict.h"
#include "trainer/checkpoint.h"

namespace hone::trainer {
namespace {

int64_t offset_of(const std::map<std::string, int64_t>& offsets, const std::string& name) {
  const auto at = offsets.find(name);
  return at == offsets.end() ? 0 : at->second;
}

// The n of "step-<n>.jsonl"; -1 for other names.
int64_t step_of(const std::string& name) {
  int64_t step = -1;
  if (name.rfind("step-", 0) == 0) std::from_chars(name.data() + 5, name.data() + name.size(), step);
  return step;
}

double mean(const std::vector<float>& values) {
  double sum = 0;
  for (float v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

nlohmann::ordered_json rewards_json(const rl::Score& score) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const rl::Component& c : score.components) {
    nlohmann::ordered_json& entry = out[c.name];
    entry["verdict"] = rl::to_string(c.verdict);
    entry["score"] = rl::has_score(c.verdict) ? nlohmann::ordered_json(c.score) : nlohmann::ordered_json(nullptr);
    entry["reason"] = c.reason;
  }
  return out;
}

}  // namespace

Result<RunDirectory> RunDirectory::open(const std::string& path) {
  HONE_TRY(make_directories(path));
  HONE_TRY_ASSIGN(LockFile lock, LockFile::acquire(join_path(path, "lock")));
  HONE_TRY(clean_leftovers(path));
  return RunDirectory(path, std::move(lock));
}

bool RunDirectory::has_config() const { return path_exists(file("config.yaml")); }

Result<std::vector<ConfigDifference>> RunDirectory::differences(const RunConfig& now, size_t started_stages) const {
  auto stored = load_run_config(file("config.yaml"));
  if (auto* errors = std::get_if<ConfigErrors>(&stored)) return errors->errors.front();
  return compare_for_resume(std::get<ResolvedConfig>(stored).config, now, started_stages);
}

Result<void> RunDirectory::store_config(const ResolvedConfig& config) {
  return write_file_atomic(file("config.yaml"), config.to_yaml());
}

Result<void> RunDirectory::restore(const std::map<std::string, int64_t>& offsets,
                                   const std::vector<std::string>& stages, size_t stage_index, int64_t step) {
  HONE_TRY_ASSIGN(Journal journal, Journal::open(file("journal"), offset_of(offsets, "journal")));
  journal_.emplace(std::move(journal));
  HONE_TRY_ASSIGN(MetricsWriter metrics, MetricsWriter::open(file("metrics.jsonl")));
  HONE_TRY(metrics.cut_to(offset_of(offsets, "metrics.jsonl")));
  metrics_.emplace(std::move(metrics));
  HONE_TRY_ASSIGN(MetricsWriter events, MetricsWriter::open(file("events.jsonl")));
  HONE_TRY(events.cut_to(offset_of(offsets, "events.jsonl")));
  events_.emplace(std::move(events));
  for (size_t i = stage_index; i < stages.size(); ++i) {
    const bool current = i == stage_index && offset_of(offsets, "tensorboard") > 0;
    HONE_TRY(remove_rollouts(stages[i], current ? step : 0));
    if (!current) HONE_TRY(remove_tree(file("tensorboard/" + stages[i])));
  }
  if (offset_of(offsets, "tensorboard") == 0) return {};
  HONE_TRY(open_tensorboard(stages[stage_index]));
  HONE_TRY(tensorboard_->cut_to(offset_of(offsets, "tensorboard")));
  return {};
}

Result<void> RunDirectory::open_tensorboard(const std::string& stage) {
  HONE_TRY(make_directories(file("tensorboard/" + stage)));
  HONE_TRY_ASSIGN(TensorBoardWriter writer, TensorBoardWriter::open(file("tensorboard/" + stage)));
  tensorboard_.emplace(std::move(writer));
  tensorboard_stage_ = stage;
  return {};
}

Result<void> RunDirectory::remove_rollouts(const std::string& stage, int64_t after_step) {
  const std::string directory = file("rollouts/" + stage);
  if (!path_exists(directory)) return {};
  HONE_TRY_ASSIGN(const std::vector<std::string> names, list_directory(directory));
  for (const std::string& name : names)
    if (step_of(name) > after_step) HONE_TRY(remove_tree(join_path(directory, name)));
  return {};
}

std::map<std::string, int64_t> RunDirectory::offsets() const {
  return {{"journal", journal_->offset()},
          {"metrics.jsonl", metrics_->offset()},
          {"events.jsonl", events_->offset()},
          {"tensorboard", tensorboard_ ? tensorboard_->offset() : 0}};
}

Result<void> RunDirectory::write_row(const std::string& stage, const std::string& kind, int64_t step, double time,
                                     const std::vector<std::pair<std::string, double>>& metrics) {
  MetricsRow row;
  row.set("stage", stage);
  row.set("kind", kind);
  row.set("step", step);
  row.set("time", time);
  for (const auto& [name, value] : metrics) row.set(name, value);
  HONE_TRY(metrics_->write(row));
  if (tensorboard_stage_ != stage) HONE_TRY(open_tensorboard(stage));
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return tensorboard_->scalars(now, step, metrics);
}

Result<void> RunDirectory::write_event(const Event& event) { return events_->write(to_row(event)); }

Result<void> RunDirectory::write_rollouts(const std::string& stage, int64_t step, const std::string& rows) {
  const std::string directory = file("rollouts/" + stage);
  HONE_TRY(make_directories(directory));
  const std::string path = join_path(directory, str("step-", step, ".jsonl"));
  HONE_TRY(remove_tree(path));
  HONE_TRY_ASSIGN(AppendFile out, AppendFile::open(path));
  return out.append(as_bytes(rows));
}

std::string rollout_rows(const rl::StepResult& result, int64_t step) {
  std::string out;
  for (const rl::DrawnGroup& drawn : result.groups) {
    const rl::Group& group = drawn.scored.group;
    const rl::Problem& problem = group.prompt->problem;
    const nlohmann::ordered_json gold = nlohmann::ordered_json::parse(problem.gold, nullptr, false);
    for (size_t i = 0; i < group.samples.size(); ++i) {
      const rl::Sample& sample = group.samples[i];
      const rl::Score& score = drawn.scored.scores[i];
      nlohmann::ordered_json row{{"prompt", problem.prompt},
                                 {"completion", sample.text},
                                 {"gold", gold.is_discarded() ? nlohmann::ordered_json(nullptr) : gold},
                                 {"group", group.prompt->serial},
                                 {"index", sample.index},
                                 {"token_count", sample.tokens.size()},
                                 {"finish_reason", rl::to_string(sample.finish)},
                                 {"rewards", rewards_json(score)},
                                 {"reward", score.reward}};
      // A sample that was not trained on has no advantage.
      row["advantage"] =
          drawn.advantages.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(drawn.advantages[i]);
      row["logprob_mean"] = mean(sample.logprobs);
      row["entropy_mean"] = mean(sample.entropies);
      row["version"] = sample.version;
      // The names that verl's viewers read.
      row["input"] = problem.prompt;
      row["output"] = sample.text;
      row["gts"] = row["gold"];
      row["score"] = score.reward;
      row["step"] = step;
      out += row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
  }
  return out;
}

}  // namespace hone::trainer
