// Where the time of pretrain and grpo steps goes, by phase and by operator. See tests/bench/README.md.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/philox.h"
#include "rewards/scorer.h"
#include "rl/pack.h"
#include "rl/train_loop.h"
#include "tests/bench/phase_clock.h"
#include "trainer/learner.h"
#include "trainer/objective.h"
#include "trainer/problem_source.h"
#include "trainer/run_config_load.h"
#include "trainer/sampler.h"

namespace hone::bench {
namespace {

using trainer::StageConfig;

struct Setup {
  trainer::RunConfig config;
  trainer::Model model;
  kernels::Stream stream;
  PhaseClock phases;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// What was measured over some steps, from the difference of two of these.
struct Totals {
  double step = 0, sample = 0, grade = 0;
  std::vector<OperatorTime> operators;
  std::vector<double> phases;
};

Totals read_totals(const Setup& setup) {
  Totals out;
  for (const OperatorTime& t : operator_times()) out.operators.push_back(t);
  for (int p = 0; p < kNumPhases; ++p) out.phases.push_back(setup.phases.seconds(static_cast<Phase>(p)));
  return out;
}

void print_share(const char* name, double seconds, const Totals& t, int steps, int64_t calls = 0) {
  if (seconds < 1e-4 * t.step) return;
  std::printf("  %-24s %9.3f ms %6.1f %%", name, 1e3 * seconds / steps, 100 * seconds / t.step);
  if (calls > 0) std::printf("  %6.0f calls", static_cast<double>(calls) / steps);
  std::printf("\n");
}

void print_phases(const Totals& before, const Totals& t, int steps) {
  double known = t.sample + t.grade;
  print_share("sample", t.sample, t, steps);
  print_share("grade", t.grade, t, steps);
  for (int p = 0; p < kNumPhases; ++p) {
    const double seconds = t.phases[p] - before.phases[p];
    known += seconds;
    print_share(kPhaseNames[p], seconds, t, steps);
  }
  print_share("rest", t.step - known, t, steps);
}

void print_operators(const Totals& before, const Totals& t, int steps) {
  std::vector<OperatorTime> rows;
  double by_kind[4] = {};
  for (size_t i = 0; i < t.operators.size(); ++i) {
    OperatorTime row = t.operators[i];
    row.calls -= before.operators[i].calls;
    row.seconds -= before.operators[i].seconds;
    by_kind[static_cast<int>(row.kind)] += row.seconds;
    rows.push_back(row);
  }
  std::ranges::sort(rows, [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  for (const OperatorTime& row : rows) print_share(row.name, row.seconds, t, steps, row.calls);
  const double inside = by_kind[0] + by_kind[1] + by_kind[2];
  print_share("no operator", t.step - inside - by_kind[3], t, steps);
  std::printf("outside GEMM, attention and softmax: %.1f %%\n", 100 * (1 - inside / t.step));
}

void print_report(const char* what, const Totals& before, const Totals& t, int steps) {
  std::printf("\n%s: %.2f ms a step, mean of %d\n", what, 1e3 * t.step / steps, steps);
  print_phases(before, t, steps);
  print_operators(before, t, steps);
}

Result<std::unique_ptr<trainer::ProblemSource>> task_source(const Setup& setup, const StageConfig& stage) {
  trainer::TaskSourceOptions options;
  options.task = stage.data.task;
  options.key = mix64(setup.config.run.seed, 1, Purpose::kTask);
  options.corpus = {stage.data.chain_share, stage.data.malformed_share};
  return trainer::make_task_source(options);
}

Result<std::vector<rl::SupervisedRow>> read_rows(const Setup& setup, trainer::ProblemSource& source,
                                                 const StageConfig& stage, int64_t step) {
  const policy::Tokenizer& tokenizer = *setup.model.tokenizer;
  std::vector<rl::SupervisedRow> rows;
  for (int64_t i = 0; i < stage.rows_per_step; ++i) {
    HONE_TRY_ASSIGN(const rl::Problem problem, source.at(static_cast<uint64_t>(step * stage.rows_per_step + i)));
    rl::SupervisedRow row;
    HONE_TRY_ASSIGN(row.prompt, trainer::encode_prompt(tokenizer, problem));
    HONE_TRY_ASSIGN(row.completion, tokenizer.encode(problem.completion));
    row.completion.push_back(tokenizer.eos());
    rows.push_back(std::move(row));
  }
  return rows;
}

// The first step is not measured: it allocates.
Result<void> bench_pretrain(Setup& setup, const StageConfig& stage, trainer::Optimizer& optimizer) {
  HONE_TRY_ASSIGN(const auto source, task_source(setup, stage));
  trainer::SupervisedLearner learner(*setup.model.weights, optimizer, stage, setup.config.policy.router_bias_rate,
                                     setup.stream);
  Totals before;
  double seconds = 0;
  for (int64_t step = 0; step < stage.steps; ++step) {
    if (step == 1) before = read_totals(setup);
    const auto start = Clock::now();
    HONE_TRY_ASSIGN(const auto rows, read_rows(setup, *source, stage, step));
    const auto batches = rl::pack_supervised(rows, stage.token_budget);
    setup.phases.start();
    HONE_TRY(learner.update(batches));
    setup.phases.stop();
    if (step > 0) seconds += seconds_since(start);
  }
  Totals after = read_totals(setup);
  after.step = seconds;
  print_report("pretrain", before, after, static_cast<int>(stage.steps - 1));
  return {};
}

class TimedLearner final : public rl::Learner {
 public:
  TimedLearner(rl::Learner& learner, PhaseClock& phases) : learner_(learner), phases_(phases) {}
  Result<rl::UpdateReport> update(const std::vector<rl::TokenBatch>& batches, bool first_of_rollout) override {
    phases_.start();
    auto report = learner_.update(batches, first_of_rollout);
    phases_.stop();
    return report;
  }

 private:
  rl::Learner& learner_;
  PhaseClock& phases_;
};

class NoLog final : public rl::StepLog {
 public:
  Result<void> groups_issued(int64_t, uint64_t, int) override { return {}; }
  Result<void> sample_finished(const rl::FinishedSample&) override { return {}; }
  Result<void> scores_taken(uint64_t, const std::vector<rl::Score>&) override { return {}; }
  Result<void> commit() override { return {}; }
  Result<void> step_done(const rl::StepResult&) override { return {}; }
};

Result<rl::Prompt> make_prompt(const Setup& setup, trainer::ProblemSource& source, uint64_t serial) {
  rl::Prompt prompt;
  prompt.serial = serial;
  HONE_TRY_ASSIGN(prompt.problem, source.at(serial));
  HONE_TRY_ASSIGN(prompt.tokens, trainer::encode_prompt(*setup.model.tokenizer, prompt.problem));
  return prompt;
}

Result<std::unique_ptr<trainer::Sampler>> make_sampler(Setup& setup, const StageConfig& stage,
                                                       trainer::ProblemSource& source,
                                                       const trainer::GrpoLearner& learner) {
  trainer::SamplerRequest request;
  request.options.group_size = static_cast<int32_t>(stage.group_size);
  request.options.params.temperature = static_cast<float>(stage.temperature);
  request.options.max_new_tokens = static_cast<int32_t>(stage.max_new_tokens);
  request.options.key = mix64(setup.config.run.seed, 2, Purpose::kToken);
  request.options.stop.tokens = {setup.model.tokenizer->eos()};
  HONE_TRY_ASSIGN(const rl::Prompt first, make_prompt(setup, source, 0));
  request.longest_prompt = static_cast<int64_t>(first.tokens.size());
  request.prompt = [&](uint64_t serial) { return make_prompt(setup, source, serial); };
  request.version = [&learner] { return learner.version(); };
  return trainer::Sampler::create(setup.model, setup.config.rollout, std::move(request), setup.stream);
}

Result<std::unique_ptr<rewards::RewardScorer>> make_scorer(const Setup& setup, const StageConfig& stage) {
  const auto count = [tokenizer = setup.model.tokenizer](std::string_view text) {
    const auto tokens = tokenizer->encode(text);
    return static_cast<int64_t>(tokens.ok() ? tokens->size() : text.size());
  };
  std::vector<rewards::Reward> out;
  for (const trainer::RewardConfig& reward : stage.rewards) {
    HONE_TRY_ASSIGN(std::shared_ptr<const rewards::Checker> checker,
                    rewards::make_checker(reward.checker, nlohmann::json::parse(reward.options, nullptr, false),
                                          {.count_tokens = count}));
    out.push_back({reward.name, reward.weight, std::move(checker), {}});
  }
  return std::make_unique<rewards::RewardScorer>(std::move(out), rewards::ScorerOptions{});
}

rl::GrpoConfig grpo_config(const StageConfig& stage) {
  rl::GrpoConfig c;
  c.prompts_per_step = static_cast<int>(stage.prompts_per_step);
  c.group_size = static_cast<int>(stage.group_size);
  c.max_new_tokens = stage.max_new_tokens;
  c.token_budget = stage.token_budget;
  c.share_prompt = stage.share_prompt;
  return c;
}

Result<void> bench_grpo(Setup& setup, const StageConfig& stage, trainer::Optimizer& optimizer) {
  const rl::GrpoConfig config = grpo_config(stage);
  HONE_TRY_ASSIGN(const auto source, task_source(setup, stage));
  trainer::GrpoLearner learner(*setup.model.weights, optimizer, stage, config.objective, nullptr, setup.stream);
  TimedLearner timed(learner, setup.phases);
  HONE_TRY_ASSIGN(const auto sampler, make_sampler(setup, stage, *source, learner));
  HONE_TRY_ASSIGN(const auto scorer, make_scorer(setup, stage));
  NoLog log;
  const auto start = Clock::now();
  const rl::LoopPorts ports{sampler->source(), *scorer, timed, log, [start] { return seconds_since(start); }};
  rl::LoopState state;
  Totals before, sums;
  double length = 0;
  while (state.step < stage.steps) {
    if (state.step == 1) before = read_totals(setup);
    HONE_TRY_ASSIGN(const rl::StepResult result, rl::grpo_step(config, ports, state));
    state = result.next;
    if (result.step == 0) continue;
    const rl::Seconds& s = result.stats.seconds;
    sums.step += s.step;
    sums.sample += s.sample;
    sums.grade += s.grade;
    length += result.stats.length_mean.value_or(0);
  }
  Totals after = read_totals(setup);
  after.step = sums.step;
  after.sample = sums.sample;
  after.grade = sums.grade;
  const int steps = static_cast<int>(stage.steps - 1);
  print_report("grpo", before, after, steps);
  std::printf("mean length of answers: %.1f tokens\n", length / steps);
  return {};
}

Result<void> run(const std::string& path, const std::vector<std::string>& arguments, ThreadTeam& team) {
  auto loaded = trainer::load_run_config(path, arguments);
  if (const auto* errors = std::get_if<trainer::ConfigErrors>(&loaded)) return errors->errors.front();
  Setup setup;
  setup.config = std::get<trainer::ResolvedConfig>(std::move(loaded)).config;
  setup.stream = {&team};
  HONE_TRY_ASSIGN(trainer::Model made, trainer::make_model(setup.config, policy::Use::kTrain));
  setup.model.tokenizer = made.tokenizer;
  setup.model.weights = std::make_unique<policy::Weights>(
      made.weights->config(), profiled_backend(made.weights->backend()), policy::Use::kTrain);
  setup.model.weights->initialize(mix64(setup.config.run.seed, 0, Purpose::kInit));
  setup.model.weights->repack(setup.stream);
  listen_to_operators([&setup](const char* name, auto begin, auto end) { setup.phases.on_operator(name, begin, end); });
  trainer::Optimizer optimizer(*setup.model.weights);
  for (const StageConfig& stage : setup.config.stages) {
    optimizer.reset(setup.stream);
    HONE_TRY(stage.kind == trainer::StageKind::kGrpo ? bench_grpo(setup, stage, optimizer)
                                                     : bench_pretrain(setup, stage, optimizer));
  }
  return {};
}

}  // namespace
}  // namespace hone::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: step_bench CONFIG [path=value...]\n");
    return 2;
  }
  hone::ThreadTeam team(2);
  const auto done = hone::bench::run(argv[1], {argv + 2, argv + argc}, team);
  if (done.ok()) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
