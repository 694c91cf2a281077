#include <algorithm>
#include <filesystem>
#include <set>

#include "base/schema_json.h"
#include "rewards/tasks/task.h"
#include "trainer/run_config_checks.h"
#include "trainer/prompt_template.h"
#include "trainer/run_config_names.h"

namespace hone::trainer {
namespace {

constexpr int64_t kDefaultAnswerTokens = 64;

// What make_checker reads.
std::string checker_options(RewardConfig& reward) {
  const auto own = reward.own.find(reward.checker);
  nlohmann::json options = own == reward.own.end() ? nlohmann::json::object() : to_json(own->second.fields());
  if (reward.correct_at) options["correct_at"] = *reward.correct_at;
  return options.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Takes checker and options from these rewards, where they have the evaluation's checker. False: they do not.
bool settle_checker(EvalConfig& eval, std::vector<RewardConfig>& rewards) {
  if (rewards.empty()) return false;
  if (eval.checker.empty()) eval.checker = rewards[0].checker;
  for (RewardConfig& reward : rewards) {
    if (reward.checker != eval.checker) continue;
    eval.checker_options = checker_options(reward);
    return true;
  }
  return false;
}

// The file's name without its ending; what is_name() does not allow becomes '_'.
std::string name_from_file(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string().substr(0, 64);
  for (char& c : name) {
    if (!is_name(std::string(1, c))) c = '_';
  }
  return name;
}

// The same files have the same columns.
void settle_columns(EvalConfig& eval, const DataConfig& data) {
  if (eval.format == DataFormat::kAuto) eval.format = data.format;
  if (!eval.columns.given()) eval.columns = data.columns;
}

int64_t answer_tokens(const std::vector<StageConfig>& stages, size_t from) {
  for (size_t i = from; i < stages.size(); ++i) {
    if (stages[i].kind == StageKind::kGrpo) return stages[i].max_new_tokens;
  }
  return kDefaultAnswerTokens;
}

}  // namespace

void ConfigChecks::resolve_stage(size_t i) {
  StageConfig& stage = config_.stages[i];
  const std::string path = binding_.item_path("stages", i);
  const bool is_grpo = stage.kind == StageKind::kGrpo;
  for (size_t j = 0; j < i; ++j) {
    require(stage.name.empty() || config_.stages[j].name != stage.name, {path + ".name"},
            "a stage before this one has the name '" + stage.name + "'");
  }
  if (stage.schedule == Schedule::kAuto) stage.schedule = is_grpo ? Schedule::kConstant : Schedule::kCosine;
  if (stage.checkpoint_every == 0 && is_grpo) stage.checkpoint_every = 1;
  require(stage.epochs > 0 || stage.warmup_steps <= stage.steps, {path + ".warmup_steps", path + ".steps"},
          str("warmup_steps (", stage.warmup_steps, ") exceeds steps (", stage.steps, ")"));
  check_from(stage, path);
  check_data(stage, path + ".data");
  if (stage.data.chain_share_late < 0) stage.data.chain_share_late = stage.data.chain_share;
  if (is_grpo) check_grpo(stage, path);
  resolve_rewards(stage, path + ".rewards");
  resolve_eval(i, path + ".eval");
}

void ConfigChecks::check_from(const StageConfig& stage, const std::string& path) {
  for (const StageConfig& other : config_.stages) {
    require(stage.from.empty() || stage.from != other.name, {path + ".from"},
            "'" + stage.from + "' is a stage; a stage starts from the one before it when from is left out. A directory "
            "of this name is ./" + stage.from);
  }
}

void ConfigChecks::check_data(const StageConfig& stage, const std::string& path) {
  const DataConfig& data = stage.data;
  const bool has_task = !data.task.empty(), has_path = !data.path.empty();
  const std::string parent = path.substr(0, path.rfind('.'));
  require(has_task || has_path, {path, path + ".task", path + ".path"}, "needs a task or a path");
  require(!has_task || !has_path, {path + ".path", path + ".task"},
          "has task (" + data.task + ") and path (" + data.path + "); give one of them");
  check_difficulty(data.task, data.difficulty, path);
  const std::string wrong = template_problem(data.prompt_template);
  require(wrong.empty(), {path + ".template"}, wrong);
  const std::string& completion = data.completion_template;
  require(completion.empty() || completion.find("{completion}") != std::string::npos ||
              completion.find("{gold}") != std::string::npos,
          {path + ".completion_template"}, "must hold {completion} or {gold}: '" + completion + "'");
  require(stage.epochs == 0 || has_path, {parent + ".epochs"}, "are passes over a file; a task has no end");
}

void ConfigChecks::check_difficulty(const std::string& task, int64_t difficulty, const std::string& path) {
  const auto found = rewards::find_task(task);
  if (!found.ok()) return;  // said elsewhere, or not a task
  require(difficulty <= (*found)->levels(), {path + ".difficulty", path + ".task"},
          str("the task ", task, " has difficulties 1 to ", (*found)->levels(), ", not ", difficulty));
}

void ConfigChecks::check_grpo(const StageConfig& stage, const std::string& path) {
  require(stage.top_p == 1, {path + ".top_p"},
          str("grpo trains on the full distribution that it samples: top_p must be 1, not ", stage.top_p));
  require(stage.top_k == 0, {path + ".top_k"},
          str("grpo trains on the full distribution that it samples: top_k must be 0, not ", stage.top_k));
  require(stage.group_size > 1, {path + ".group_size"},
          str("an answer is judged against the others of its group: at least 2, not ", stage.group_size));
  require(!config_.policy.path.empty() || stage.max_new_tokens < config_.policy.max_positions,
          {path + ".max_new_tokens", "policy.max_positions"},
          str("max_new_tokens (", stage.max_new_tokens, ") must be below policy.max_positions (",
              config_.policy.max_positions, ")"));
  require(stage.filter.refill_rounds == 0 || stage.filter.by != FilterBy::kNone, {path + ".filter.refill_rounds"},
          "nothing is left out to be refilled while filter.by is none");
  require(stage.reference.empty() || stage.kl_coef > 0, {path + ".reference", path + ".kl_coef"},
          "has no effect while kl_coef is 0");
  for (const std::string& stop : stage.stop) require(!stop.empty(), {path + ".stop"}, "holds an empty text");
}

void ConfigChecks::resolve_rewards(StageConfig& stage, const std::string& path) {
  const bool is_grpo = stage.kind == StageKind::kGrpo;
  require(!is_grpo || !stage.rewards.empty(), {path}, "grpo needs at least one reward");
  std::set<std::string> names;
  for (size_t i = 0; i < stage.rewards.size(); ++i) {
    RewardConfig& reward = stage.rewards[i];
    const std::string item = binding_.item_path(path, i);
    if (reward.name.empty()) reward.name = reward.checker;
    reward.options = checker_options(reward);
    require(reward.name.empty() || names.insert(reward.name).second, {item + ".name", item + ".checker"},
            "a reward before this one has the name '" + reward.name + "'; give this one another name");
  }
}

void ConfigChecks::resolve_eval(size_t i, const std::string& path) {
  const StageConfig& stage = config_.stages[i];
  EvalConfig& eval = config_.stages[i].eval;
  require(eval.task.empty() || eval.path.empty(), {path + ".path", path + ".task"},
          "has task (" + eval.task + ") and path (" + eval.path + "); give one of them");
  if (eval.task.empty() && eval.path.empty()) eval.task = stage.data.task, eval.path = stage.data.path;
  if (!eval.path.empty() && eval.path == stage.data.path) settle_columns(eval, stage.data);
  if (eval.difficulty == 0) eval.difficulty = eval.task == stage.data.task ? stage.data.difficulty : 1;
  check_difficulty(eval.task, eval.difficulty, path);
  if (eval.name.empty()) eval.name = eval.path.empty() ? eval.task : name_from_file(eval.path);
  for (size_t k = i; k < config_.stages.size(); ++k) {
    if (config_.stages[k].kind == StageKind::kGrpo && settle_checker(eval, config_.stages[k].rewards)) break;
  }
  if (eval.checker.empty()) eval.checker = "answer";
  if (eval.max_new_tokens == 0) eval.max_new_tokens = answer_tokens(config_.stages, i);
}

}  // namespace hone::trainer
