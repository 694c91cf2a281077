#include "trainer/run_summary.h"

#include "base/file.h"
#include "base/json.h"
#include "trainer/checkpoint.h"

namespace hone::trainer {
namespace {

using Json = nlohmann::json;

// Adds one row of metrics.jsonl to its stage's line.
void add_row(const Json& row, const std::string& eval_name, StageSummary& line) {
  line.steps = std::max(line.steps, row.value("step", int64_t{0}));
  line.seconds = row.value("time", line.seconds);
  line.tokens += row.value("tokens/prompt", 0.0) + row.value("tokens/completion", 0.0);
  line.sampling += row.value("seconds/sample", 0.0);
  line.grading += row.value("seconds/grading", 0.0);
  line.grading_after_sampling += row.value("seconds/grade", 0.0);
  line.training += row.value("seconds/train", 0.0);
  line.stepping += row.value("seconds/step", 0.0);
  const std::string prefix = "eval/" + eval_name + "/";
  for (const auto& [name, value] : row.items())
    if (name.rfind(prefix, 0) == 0 && value.is_number()) line.eval[name.substr(prefix.size())] = value.get<double>();
}

}  // namespace

Result<RunOutcome> summarize_run(const RunConfig& config, const std::string& run_dir) {
  RunOutcome out;
  out.run_dir = run_dir;
  HONE_TRY_ASSIGN(const auto checkpoints, list_checkpoints(run_dir));
  if (!checkpoints.empty()) out.last_checkpoint = checkpoints.back();
  const std::string path = join_path(run_dir, "metrics.jsonl");
  HONE_TRY_ASSIGN(const std::string text, read_file(path));
  for (const StageConfig& stage : config.stages) {
    StageSummary init{.stage = "init"}, line{.stage = stage.name};
    for (size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
      const Json row = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(at),
                                   text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
      if (!row.is_object()) return Error{ErrorCode::kCorrupt, "holds a line that is not a JSON object", path};
      if (row.value("stage", "") != stage.name) continue;
      line.kind = row.value("kind", "");
      add_row(row, stage.eval.name, row.value("step", 0) == 0 ? init : line);
    }
    if (!init.eval.empty()) out.stages.push_back(std::move(init));
    if (line.steps > 0) out.stages.push_back(std::move(line));
  }
  return out;
}

}  // namespace hone::trainer
