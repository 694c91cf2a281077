// The fields of a stage.
#include <algorithm>

#include "base/schema.h"
#include "rewards/tasks/task.h"
#include "trainer/run_config.h"
#include "trainer/run_config_names.h"

namespace hone::trainer {
namespace {

constexpr double kMaxCount = 1 << 30;
constexpr double kMaxSize = 1 << 20;
constexpr double kMaxLevels = 100;

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const rewards::Task* task : rewards::tasks()) names.emplace_back(task->name());
  return names;
}

Condition grpo_only(const StageConfig& stage) {
  return {stage.kind == StageKind::kGrpo, "kind grpo", "kind", name_of(stage.kind)};
}

Condition imitation_only(StageKind kind) {
  return {kind != StageKind::kGrpo, "kind pretrain or sft", "kind", name_of(kind)};
}

Condition file_only(const DataConfig& data) {
  return {!data.path.empty(), "data of a file", "path", "not given"};
}

Condition task_only(const DataConfig& data) { return {data.path.empty(), "a task", "path", data.path}; }

// Of the worked answers that a task generates.
Condition corpus_only(const DataConfig& data) {
  if (data.used_by == StageKind::kGrpo) return imitation_only(data.used_by);
  return {data.path.empty(), "generated data", "path", data.path};
}

Fields recorded(Fields fields) {
  for (Field& field : fields) field.info.on_resume = OnResume::kRecorded;
  return fields;
}

std::string path_help() {
  return "Files of problems (.jsonl, .json, .parquet), relative to the configuration file: a file, a directory, or a "
         "pattern such as data/{train,more}-*.parquet.";
}

void append(Fields& fields, const Fields& more) { fields.insert(fields.end(), more.begin(), more.end()); }

}  // namespace

Fields ColumnsConfig::fields() {
  const std::string derived = "the format's";
  return {
      field("prompt", prompt, {.help = "Column of the question.", .derived = derived}),
      field("gold", gold, {.help = "Column of the right answer; a.b: the member b of column a.", .derived = derived}),
      field("completion", completion, {.help = "Column of the worked answer to imitate.", .derived = derived}),
      field("data_source", data_source, {.help = "Column of the name that rewards choose by.", .derived = derived}),
  };
}

Fields DataConfig::fields() {
  const Condition corpus = corpus_only(*this), file = file_only(*this);
  const Range share = between(0, 1);
  return {
      field("task", task, {.help = "Generated problems of this task.", .choices = task_names()}),
      field("path", path, {.help = path_help(), .is_file = true}),
      field("template", prompt_template, {.help = "Text around a question, {prompt} in it; or none, r1_zero, chat (the "
                                                  "policy's chat template). auto: none for a policy made from scratch, "
                                                  "chat where there is a chat template, else r1_zero for files."}),
      field("difficulty", difficulty, {.help = "Of the task's problems, from 1 on; how far depends on the task.",
                                       .range = between(1, kMaxLevels), .only = task_only(*this)}),
      field("chain_share", chain_share, {.help = "Share of worked answers that show their chain.", .range = share,
                                         .only = corpus}),
      field("chain_share_late", chain_share_late, {.help = "The same from late_from on.", .range = share,
                                                   .only = corpus, .derived = "chain_share"}),
      field("late_from", late_from, {.help = "Share of the stage's steps after which chain_share_late holds.",
                                     .range = share, .only = corpus}),
      field("malformed_share", malformed_share, {.help = "Share of worked answers whose format is broken.",
                                                 .range = share, .only = corpus}),
      field("format", format, {.help = "What the columns mean; auto: by their names.", .only = file}),
      field("columns", columns, {.help = "Names of the columns of the file, where they are not the format's; others go "
                                         "to the checkers as extra_info.",
                                 .only = file}),
      field("completion_template", completion_template, {.help = "The text to imitate: {completion} and {gold} stand "
                                                                 "for the row's.",
                                                         .only = file,
                                                         .derived = "{completion}; in gsm8k also a line #### {gold}"}),
      field("shuffle", shuffle, {.help = "Draw the file's rows in random order, anew in every pass.", .only = file}),
      field("max_tokens", max_tokens, {.help = "Longest row in tokens: prompt and answer for pretrain and sft, the "
                                               "prompt for grpo; 0: what the policy takes.",
                                       .range = between(0, kMaxCount), .only = file}),
      field("too_long", too_long, {.help = "Longer rows: an error, or dropped and counted.", .only = file}),
      field("sha256", sha256, {.help = "Of the files, one after another; others are refused.", .only = file,
                               .derived = "the files when the run starts"}),
  };
}

Fields EvalConfig::fields() {
  Fields fields = {
      field("every", every, {.help = "Steps between evaluations; 0: none on the way.", .range = between(0, kMaxCount)}),
      field("at_end", at_end, {.help = "Evaluate after the last step."}),
      field("task", task, {.help = "Task of the problems, from a stream never trained on.", .choices = task_names(),
                           .derived = "the stage's data"}),
      field("path", path, {.help = path_help(), .derived = "the stage's data", .is_file = true}),
      field("format", format, {.help = "What the columns of the files mean; auto: by their names.",
                               .derived = "the stage's for the same path, else auto"}),
      field("columns", columns, {.help = "Names of the files' columns, where they are not the format's.",
                                 .derived = "the stage's for the same path"}),
      field("sha256", sha256, {.help = "Of the files, one after another; others are refused.",
                               .derived = "the files when the run starts"}),
      field("difficulty", difficulty, {.help = "Difficulty of the task's problems.", .range = between(0, kMaxLevels),
                                       .derived = "that of the stage's data; 1 for another task"}),
      field("name", name, {.help = "Name in the metrics: eval/<name>/pass_at_1.",
                           .derived = "the task, or the file without its ending", .is_name = true}),
      field("checker", checker, {.help = "Checker of right and wrong.", .choices = rewards::checker_names(),
                                 .derived = "that of the first reward, of the stage or the next grpo stage; "
                                            "else answer"}),
      field("problems", problems, {.help = "Problems.", .range = between(1, kMaxSize)}),
      field("samples", samples, {.help = "Answers to each problem.", .range = between(1, 1024)}),
      field("temperature", temperature, {.help = "Temperature of sampling; 0: the likeliest token.",
                                         .range = between(0, 100)}),
      field("top_p", top_p, {.help = "Sample from the likeliest tokens of this total probability.",
                             .range = above(0, 1)}),
      field("max_new_tokens", max_new_tokens, {.help = "Longest answer.", .range = between(0, kMaxSize),
                                               .derived = "the stage's, else the next grpo stage's, else 64"}),
  };
  fields = recorded(std::move(fields));
  for (Field& field : fields)
    if (field.is_section()) field.view = SectionView{[this] { return recorded(columns.fields()); }};
  return fields;
}

Fields FilterConfig::fields() {
  return {
      field("by", by, {.help = "Leave out groups whose samples are all equal in this."}),
      field("refill_rounds", refill_rounds, {.help = "Rounds in which left-out groups are replaced by new ones.",
                                             .range = between(0, 100)}),
  };
}

Fields WhenConfig::fields() {
  return {
      field("data_source", data_source, {.help = "Only samples of these sources; none given: all."}),
  };
}

namespace {

// Adds the fields of a checker, which belong here when it is the chosen one, or when none is. A name that several
// checkers have is listed once, for the first.
void append_own(Fields& fields, const std::string& checker, const std::string& chosen, Fields own) {
  for (Field& field : own) {
    const auto listed =
        std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == field.name; });
    if (listed != fields.end()) {
      if (listed->info.only.decider == "checker") listed->info.only.wanted += " or " + checker;
      continue;
    }
    const bool belongs = chosen.empty() || chosen == checker;
    if (field.info.only.wanted.empty() || !belongs)
      field.info.only = {belongs, "checker " + checker, "checker", chosen};
    fields.push_back(std::move(field));
  }
}

}  // namespace

Fields RewardConfig::fields() {
  Fields fields = {
      field("checker", checker, {.help = "What grades the answer.", .choices = rewards::checker_names(),
                                 .required = true, .decides = true}),
      field("name", name, {.help = "Name in metrics and rollouts.", .derived = "checker", .is_name = true}),
      field("weight", weight, {.help = "Factor of the score in the reward.", .range = between(-1e6, 1e6)}),
      field("when", when, {.help = "Which samples are graded."}),
      field("correct_at", correct_at, {.help = "A score from which on the verdict is correct, else wrong.",
                                       .range = between(-1e6, 1e6)}),
  };
  const auto append = [&](const std::string& name) {
    const rewards::CheckerEntry* entry = rewards::find_checker(name);
    if (entry != nullptr)
      append_own(fields, name, checker, own.try_emplace(name, entry->defaults).first->second.fields());
  };
  append(checker);
  for (const std::string& name : rewards::checker_names())
    if (name != checker) append(name);
  return fields;
}

namespace {

Fields common_fields(StageConfig& stage) {
  return {
      field("name", stage.name, {.help = "Name of the stage.", .required = true, .is_name = true}),
      field("kind", stage.kind, {.help = "pretrain: next token; sft: answers to imitate; grpo: answers of its own, "
                                         "rewarded.",
                                 .required = true}),
      field("from", stage.from, {.help = "Weights to start from: init, or a run, checkpoint or model directory "
                                         "(relative to the working directory).",
                                 .derived = "the stage before, init for the first"}),
      field("steps", stage.steps, {.help = "Optimizer steps.", .range = between(1, kMaxCount),
                                   .only = {stage.epochs == 0, "a stage without epochs", "epochs", str(stage.epochs)},
                                   .required = true}),
      field("epochs", stage.epochs, {.help = "Passes over the rows of a file, instead of steps; 0: steps are given.",
                                     .range = between(0, kMaxCount), .only = imitation_only(stage.kind)}),
      field("data", stage.data, {.help = "Problems: a task or a file.", .required = true}),
      field("rows_per_step", stage.rows_per_step, {.help = "Worked answers of a step.", .range = between(1, kMaxSize),
                                                   .only = imitation_only(stage.kind)}),
      field("learning_rate", stage.learning_rate, {.help = "Peak learning rate.", .range = above(0, 1),
                                                   .required = true}),
      field("schedule", stage.schedule, {.help = "Learning rate after warm-up: constant, or falling to 0 as a cosine.",
                                         .derived = "cosine for pretrain and sft, constant for grpo"}),
      field("warmup_steps", stage.warmup_steps, {.help = "Steps over which the learning rate rises from 0.",
                                                 .range = between(0, kMaxCount)}),
      field("beta1", stage.beta1, {.help = "AdamW's decay of the first moment.", .range = between(0, 0.9999999)}),
      field("beta2", stage.beta2, {.help = "AdamW's decay of the second moment.", .range = between(0, 0.9999999)}),
      field("epsilon", stage.epsilon, {.help = "AdamW's epsilon.", .range = above(0, 1)}),
      field("weight_decay", stage.weight_decay, {.help = "AdamW's decay of the weights.", .range = between(0, 10)}),
      field("max_grad_norm", stage.max_grad_norm, {.help = "Gradients are scaled down to this norm.",
                                                   .range = above(0, 1e9)}),
      field("token_budget", stage.token_budget, {.help = "Tokens of a micro-batch. Part of the run's identity: it "
                                                         "decides the order of sums.",
                                                 .range = between(1, kMaxCount)}),
      field("checkpoint_every", stage.checkpoint_every, {.help = "Steps between checkpoints; 0: by time.",
                                                         .range = between(0, kMaxCount),
                                                         .derived = "0 for pretrain and sft, 1 for grpo"}),
      field("eval", stage.eval, {.help = "Evaluation of the stage."}),
  };
}

Fields sampling_fields(StageConfig& stage, const Condition& grpo) {
  return {
      field("prompts_per_step", stage.prompts_per_step, {.help = "Groups of a step.", .range = between(1, 1 << 16),
                                                         .only = grpo}),
      field("group_size", stage.group_size, {.help = "Answers to each prompt.", .range = between(1, 1 << 12),
                                             .only = grpo}),
      field("temperature", stage.temperature, {.help = "Temperature of sampling and of the trained distribution.",
                                               .range = above(0, 100), .only = grpo}),
      field("top_p", stage.top_p, {.help = "1: training is on the full distribution.", .range = between(0, 1),
                                   .only = grpo}),
      field("top_k", stage.top_k, {.help = "0: training is on the full distribution.", .range = between(0, kMaxSize),
                                   .only = grpo}),
      field("max_new_tokens", stage.max_new_tokens, {.help = "Longest answer.", .range = between(1, kMaxSize),
                                                     .only = grpo}),
      field("stop", stage.stop, {.help = "Texts that end an answer, besides <eos>, where it first holds one; the "
                                          "graded text ends with it.",
                                  .only = grpo}),
      field("truncated", stage.truncated, {.help = "Answers cut at max_new_tokens: score them, or mask them out of the "
                                                   "loss.",
                                           .only = grpo}),
      field("filter", stage.filter, {.help = "Which groups are trained on.", .only = grpo}),
      field("max_dropped_share", stage.max_dropped_share, {.help = "Stop the run when checks fail on a larger share of "
                                                                   "a step's groups.",
                                                           .range = between(0, 1), .only = grpo}),
  };
}

Fields objective_fields(StageConfig& stage, const Condition& grpo) {
  return {
      field("updates_per_rollout", stage.updates_per_rollout, {.help = "Optimizer steps on the samples of one step.",
                                                               .range = between(1, 1024), .only = grpo}),
      field("clip_low", stage.clip_low, {.help = "The ratio is clipped below 1 - clip_low.", .range = between(0, 1),
                                         .only = grpo}),
      field("clip_high", stage.clip_high, {.help = "The ratio is clipped above 1 + clip_high.",
                                           .range = between(0, 100), .only = grpo}),
      field("kl_coef", stage.kl_coef, {.help = "Weight of the KL divergence from the reference; 0: off.",
                                       .range = between(0, 100), .only = grpo}),
      field("reference", stage.reference, {.help = "What KL is measured from: a run, checkpoint or model directory.",
                                           .only = grpo, .derived = "the weights at the start of the stage"}),
      field("advantage_std", stage.advantage_std, {.help = "What rewards, less their group's mean, are divided by: "
                                                           "nothing, or the standard deviation (ddof 1, plus 1e-6) "
                                                           "of the group or batch.",
                                                   .only = grpo}),
      field("aggregation", stage.aggregation, {.help = "How the losses of tokens are averaged over a step.",
                                               .only = grpo}),
      field("entropy_coef", stage.entropy_coef, {.help = "Weight of the entropy bonus; 0: off.",
                                                 .range = between(0, 100), .only = grpo}),
      field("share_prompt", stage.share_prompt, {.help = "Compute a group's prompt once in training.", .only = grpo}),
      field("rewards", stage.rewards, {.help = "What is rewarded; accuracy is the first one's share of correct.",
                                       .only = grpo, .required = true}),
  };
}

}  // namespace

Fields StageConfig::fields() {
  data.used_by = kind;
  const Condition grpo = grpo_only(*this);
  Fields fields = common_fields(*this);
  append(fields, sampling_fields(*this, grpo));
  append(fields, objective_fields(*this, grpo));
  return fields;
}

}  // namespace hone::trainer
