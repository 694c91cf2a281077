// Stages of kind grpo: wires sampler, scorer, learner and journal to the loop of rl/train_loop.h.
#include <algorithm>
#include <cstring>
#include <deque>

#include "base/philox.h"
#include "rewards/scorer.h"
#include "rl/step_stats.h"
#include "rl/train_loop.h"
#include "trainer/graders.h"
#include "trainer/run_state.h"
#include "trainer/sampler.h"
#include "trainer/stage_data.h"

namespace hone::trainer {
namespace {

rl::GrpoConfig grpo_config(const StageConfig& stage) {
  rl::GrpoConfig c;
  c.prompts_per_step = static_cast<int>(stage.prompts_per_step);
  c.group_size = static_cast<int>(stage.group_size);
  c.max_new_tokens = stage.max_new_tokens;
  c.updates_per_rollout = static_cast<int>(stage.updates_per_rollout);
  c.mask_truncated = stage.truncated == Truncated::kMask;
  c.objective = {stage.clip_low, stage.clip_high, stage.kl_coef, stage.entropy_coef};
  switch (stage.aggregation) {
    case Aggregation::kTokenMean: c.aggregation = rl::Aggregation::kTokenMean; break;
    case Aggregation::kSeqMeanTokenMean: c.aggregation = rl::Aggregation::kSeqMeanTokenMean; break;
    case Aggregation::kSeqMeanTokenSumNorm: c.aggregation = rl::Aggregation::kSeqMeanTokenSumNorm; break;
    case Aggregation::kPromptMean: c.aggregation = rl::Aggregation::kPromptMean; break;
  }
  switch (stage.advantage_std) {
    case AdvantageStd::kNone: c.advantage_std = rl::AdvantageStd::kNone; break;
    case AdvantageStd::kGroup: c.advantage_std = rl::AdvantageStd::kGroup; break;
    case AdvantageStd::kBatch: c.advantage_std = rl::AdvantageStd::kBatch; break;
  }
  switch (stage.filter.by) {
    case FilterBy::kNone: c.filter_by = rl::FilterBy::kNone; break;
    case FilterBy::kReward: c.filter_by = rl::FilterBy::kReward; break;
    case FilterBy::kAccuracy: c.filter_by = rl::FilterBy::kAccuracy; break;
  }
  c.refill_rounds = static_cast<int>(stage.filter.refill_rounds);
  c.max_dropped_share = stage.max_dropped_share;
  c.token_budget = stage.token_budget;
  c.share_prompt = stage.share_prompt;
  return c;
}

Result<std::vector<rewards::Reward>> make_rewards(const StageConfig& stage, const rewards::CheckerContext& context) {
  std::vector<rewards::Reward> out;
  for (const RewardConfig& reward : stage.rewards) {
    HONE_TRY_ASSIGN(
        std::shared_ptr<const rewards::Checker> checker,
        rewards::make_checker(reward.checker, nlohmann::json::parse(reward.options, nullptr, false), context));
    out.push_back({reward.name, reward.weight, std::move(checker), reward.when.data_source});
  }
  return out;
}

// The score that journalled verdicts give, with the weights of the rewards.
std::optional<rl::Score> recorded_score(const Journal& journal, const std::vector<double>& weights, uint64_t serial,
                                        uint32_t index) {
  const auto* components = journal.find_verdicts(serial, index);
  if (!components || components->size() != weights.size()) return std::nullopt;
  rl::Score score;
  score.components = *components;
  for (size_t i = 0; i < weights.size(); ++i)
    if (rl::has_score(score.components[i].verdict)) score.reward += weights[i] * score.components[i].score;
  return score;
}

// Warns when the batch accuracy has fallen by half within ten steps: the sign of a first learning rate that wipes a
// skill.
class AccuracyAlarm {
 public:
  // The text of the alarm, empty for none.
  std::string update(double accuracy) {
    constexpr size_t kWindow = 10;
    const double best = recent_.empty() ? 0 : *std::max_element(recent_.begin(), recent_.end());
    recent_.push_back(accuracy);
    if (recent_.size() > kWindow) recent_.pop_front();
    if (best < 0.1 || accuracy > best / 2) return "";
    recent_.clear();
    return str("accuracy fell from ", best, " to ", accuracy, " within ", kWindow,
               " steps: lower learning_rate or raise warmup_steps");
  }

 private:
  std::deque<double> recent_;
};

// Remembers every step in journal, metrics, rollouts and checkpoints.
class GrpoLog final : public rl::StepLog {
 public:
  GrpoLog(RunState& run, const GrpoLearner& learner) : run_(run), learner_(learner) {}

  Result<void> groups_issued(int64_t step, uint64_t first_serial, int count) override {
    for (int i = 0; i < count; ++i)
      HONE_TRY(run_.directory().journal().note_group(step, first_serial + static_cast<uint64_t>(i)));
    return {};
  }
  Result<void> sample_finished(const rl::FinishedSample& finished) override {
    return run_.directory().journal().note_sample(finished.prompt->serial, finished.sample);
  }
  Result<void> scores_taken(uint64_t serial, const std::vector<rl::Score>& scores) override {
    for (uint32_t i = 0; i < scores.size(); ++i)
      HONE_TRY(run_.directory().journal().note_verdicts(serial, i, scores[i].components));
    return {};
  }
  Result<void> commit() override { return run_.directory().journal().commit(); }

  Result<void> step_done(const rl::StepResult& result) override {
    Progress& progress = run_.progress();
    progress.step = result.next.step;
    progress.cursor = result.next.cursor;
    progress.version = learner_.version();
    const int64_t every = run_.config().rollouts.every;
    if (every > 0 && progress.step % every == 0)
      HONE_TRY(run_.directory().write_rollouts(run_.stage().name, progress.step, rollout_rows(result, progress.step)));
    HONE_TRY(report_drops(result));
    show_sample(result);
    const double tokens = static_cast<double>(result.stats.tokens_prompt + result.stats.tokens_completion);
    HONE_TRY(run_.finish_step(rl::step_metrics(result.stats, result.report), result.stats.seconds.step, tokens));
    run_.directory().journal().forget_before(progress.cursor, progress.step);
    return {};
  }

 private:
  Result<void> report_drops(const rl::StepResult& result) {
    for (const rl::DrawnGroup& group : result.groups)
      if (group.decision.dropped)
        HONE_TRY(run_.event("dropped_group", str("group ", group.scored.group.prompt->serial, ": a check failed")));
    if (!result.stats.accuracy) return {};
    const std::string alarm = alarm_.update(*result.stats.accuracy);
    return alarm.empty() ? Result<void>() : run_.event("alarm", alarm);
  }

  void show_sample(const rl::StepResult& result) {
    const int64_t every = std::max<int64_t>(1, run_.stage().steps / 8);
    if (result.groups.empty() || (result.step % every != 0 && run_.progress().step != run_.stage().steps)) return;
    const rl::ScoredGroup& scored = result.groups.front().scored;
    const rl::Problem& problem = scored.group.prompt->problem;
    run_.observer().sample_shown(
        run_.stage(), run_.progress().step,
        {problem.prompt, scored.group.samples.front().text, problem.gold, scored.scores.front().reward});
  }

  RunState& run_;
  const GrpoLearner& learner_;
  AccuracyAlarm alarm_;
};

// What the KL term is measured against: the weights as the stage begins, or those that are named.
Result<std::unique_ptr<policy::ParameterSource>> reference_source(RunState& run) {
  const StageConfig& stage = run.stage();
  if (stage.reference.empty() && run.progress().step == 0)
    return std::unique_ptr<policy::ParameterSource>(new policy::MasterParameters(*run.model().weights));
  return stage_start(run, run.progress().stage_index, stage.reference.empty() ? stage.from : stage.reference);
}

// The reference of the KL term, the same after a resume: its hash is part of the progress.
Result<std::unique_ptr<policy::Weights>> make_reference(RunState& run) {
  if (run.stage().kl_coef == 0) return std::unique_ptr<policy::Weights>();
  const policy::Weights& trained = *run.model().weights;
  HONE_TRY_ASSIGN(const auto source, reference_source(run));
  const std::string hash = weights_sha256(*source, trained.layout());
  std::string& known = run.progress().reference;
  if (!known.empty() && known != hash)
    return Error{ErrorCode::kGuard, "the reference is not the one this stage began with", "", 0, 0,
                 "stages." + run.stage().name + ".reference"};
  known = hash;
  auto reference = std::make_unique<policy::Weights>(trained.config(), trained.backend(), policy::Use::kSample);
  reference->load(*source, run.stream());
  return reference;
}

Result<rl::Prompt> make_prompt(ProblemSource& source, const policy::Tokenizer& tokenizer, uint64_t serial) {
  rl::Prompt prompt;
  prompt.serial = serial;
  HONE_TRY_ASSIGN(prompt.problem, source.at(serial));
  HONE_TRY_ASSIGN(prompt.tokens, encode_prompt(tokenizer, prompt.problem));
  return prompt;
}

// Tokens of the longest of the stage's first prompts.
Result<int64_t> longest_prompt(ProblemSource& source, const policy::Tokenizer& tokenizer) {
  int64_t longest = 1;
  for (uint64_t i = 0; i < 64; ++i) {
    HONE_TRY_ASSIGN(const rl::Prompt prompt, make_prompt(source, tokenizer, i));
    longest = std::max(longest, static_cast<int64_t>(prompt.tokens.size()));
  }
  return longest;
}

Result<std::unique_ptr<Sampler>> make_sampler(RunState& run, ProblemSource& source, const GrpoLearner& learner) {
  const StageConfig& stage = run.stage();
  const policy::Tokenizer& tokenizer = *run.model().tokenizer;
  SamplerRequest request;
  request.options.group_size = static_cast<int32_t>(stage.group_size);
  request.options.params.temperature = static_cast<float>(stage.temperature);
  request.options.max_new_tokens = static_cast<int32_t>(stage.max_new_tokens);
  request.options.key = mix64(run.config().run.seed, run.progress().stage_index + 1, Purpose::kToken);
  HONE_TRY_ASSIGN(request.options.stop, stop_rule(run.model(), stage.stop));
  HONE_TRY_ASSIGN(request.longest_prompt, longest_prompt(source, tokenizer));
  request.prompt = [&source, &tokenizer](uint64_t serial) { return make_prompt(source, tokenizer, serial); };
  request.version = [&learner] { return learner.version(); };
  return Sampler::create(run.model(), run.config().rollout, std::move(request), run.stream());
}

Result<std::unique_ptr<rewards::RewardScorer>> make_scorer(RunState& run) {
  const rewards::CheckerContext context = checker_context(*run.model().tokenizer, run.sandbox());
  HONE_TRY_ASSIGN(std::vector<rewards::Reward> rewards, make_rewards(run.stage(), context));
  std::vector<double> weights;
  for (const rewards::Reward& reward : rewards) weights.push_back(reward.weight);
  rewards::ScorerOptions options;
  options.threads = grading_threads(context);
  options.group_size = static_cast<int>(run.stage().group_size);
  options.recorded = [&journal = run.directory().journal(), weights](uint64_t serial, uint32_t index) {
    return recorded_score(journal, weights, serial, index);
  };
  return std::make_unique<rewards::RewardScorer>(std::move(rewards), std::move(options));
}

// Evaluation before the first step of a run that begins with grpo: the table's "before".
Result<void> evaluate_start(RunState& run) {
  if (run.progress().stage_index != 0 || run.progress().step != 0 || !run.stage().eval.at_end) return {};
  Metrics metrics;
  HONE_TRY(run.evaluate(metrics));
  return run.directory().write_row(run.stage().name, "grpo", 0, run.stage_seconds(), metrics);
}

}  // namespace

Result<void> run_grpo_stage(RunState& run) {
  const rl::GrpoConfig config = grpo_config(run.stage());
  HONE_TRY_ASSIGN(const auto problems, open_stage_source(run));
  HONE_TRY_ASSIGN(auto reference, make_reference(run));
  GrpoLearner learner(*run.model().weights, run.optimizer(), run.stage(), config.objective, std::move(reference),
                      run.stream());
  learner.set_version(run.progress().version);
  HONE_TRY_ASSIGN(const auto sampler, make_sampler(run, *problems, learner));
  HONE_TRY_ASSIGN(const auto scorer, make_scorer(run));
  HONE_TRY(evaluate_start(run));
  GrpoLog log(run, learner);
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [start] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const rl::LoopPorts ports{sampler->source(), *scorer, learner, log, seconds, run.stop_flag()};
  const auto done = rl::run_steps(config, ports, {run.progress().step, run.progress().cursor}, run.stage().steps);
  if (done.ok()) return {};
  // A guard may stop the second update of a step, after the first has changed the weights.
  const bool between_steps = learner.version() == run.progress().version;
  const bool orderly = done.error().code == ErrorCode::kInterrupted || done.error().code == ErrorCode::kGuard;
  if (orderly && between_steps) HONE_TRY(run.save());
  return done.error();
}

}  // namespace hone::trainer
