#include "rl/train_loop.h"

#include <algorithm>

#include "rl/advantage.h"
#include "rl/step_stats.h"
#include "rl/update_plan.h"

namespace hone::rl {
namespace {

// What a step has drawn so far.
struct Draws {
  std::vector<DrawnGroup> groups;  // by serial
  int kept = 0, dropped = 0;
  Seconds seconds;
};

// The answers of a round, put in their places as they end.
class Round {
 public:
  Round(uint64_t first_serial, int count, int group_size)
      : first_serial_(first_serial),
        group_size_(static_cast<size_t>(group_size)),
        missing_(static_cast<size_t>(count) * group_size_),
        groups_(static_cast<size_t>(count)),
        arrived_(missing_) {
    for (Group& group : groups_) group.samples.resize(group_size_);
  }

  bool complete() const { return missing_ == 0; }
  std::vector<Group> take() { return std::move(groups_); }

  void place(FinishedSample finished) {
    const uint64_t g = finished.prompt->serial - first_serial_;
    const size_t i = finished.sample.index;
    HONE_CHECK_LT(g, groups_.size());
    HONE_CHECK_LT(i, group_size_);
    HONE_CHECK(!arrived_[g * group_size_ + i], "group ", finished.prompt->serial, " sample ", i, " ended twice");
    arrived_[g * group_size_ + i] = true;
    missing_ -= 1;
    groups_[g].prompt = std::move(finished.prompt);
    groups_[g].samples[i] = std::move(finished.sample);
  }

 private:
  const uint64_t first_serial_;
  const size_t group_size_;
  size_t missing_;
  std::vector<Group> groups_;
  std::vector<bool> arrived_;
};

Result<void> check_stop(const LoopPorts& ports) {
  if (!ports.stop || !*ports.stop) return {};
  return Error{ErrorCode::kInterrupted, "stopped between two samples; the step is repeated on resume"};
}

// Grading starts with the first answer that ends, while the others are still being sampled.
Result<std::vector<Group>> sample_round(const LoopPorts& ports, uint64_t first_serial, int count, int group_size) {
  HONE_TRY(ports.source.issue(first_serial, count));
  Round round(first_serial, count, group_size);
  while (!round.complete()) {
    HONE_TRY(check_stop(ports));
    HONE_TRY_ASSIGN(std::optional<FinishedSample> finished, ports.source.next());
    HONE_CHECK(finished.has_value(), "the source has no answer left in flight, the round is incomplete");
    HONE_TRY(ports.log.sample_finished(*finished));
    ports.scorer.submit(*finished);
    round.place(std::move(*finished));
  }
  return round.take();
}

Result<std::vector<DrawnGroup>> grade_round(const GrpoConfig& config, const LoopPorts& ports,
                                            std::vector<Group> groups) {
  std::vector<DrawnGroup> graded;
  for (Group& group : groups) {
    HONE_TRY_ASSIGN(std::vector<Score> scores, ports.scorer.take(group.prompt->serial, config.group_size));
    DrawnGroup drawn;
    drawn.scored = {std::move(group), std::move(scores)};
    drawn.decision = filter_group(drawn.scored, config.filter_by);
    graded.push_back(std::move(drawn));
  }
  return graded;
}

// Why a check failed, for the message: the first one in the last group that was dropped.
std::string failure_in(const std::vector<DrawnGroup>& groups) {
  const auto dropped =
      std::find_if(groups.rbegin(), groups.rend(), [](const DrawnGroup& group) { return group.decision.dropped; });
  if (dropped == groups.rend()) return "";
  for (const Score& score : dropped->scored.scores) {
    for (const Component& component : score.components) {
      if (drops_group(component.verdict))
        return str("; group ", dropped->scored.group.prompt->serial, ", reward ", component.name, ": ",
                   to_string(component.verdict), " ", component.reason);
    }
  }
  return "";
}

Result<void> check_dropped(const GrpoConfig& config, const Draws& draws) {
  const double drawn = static_cast<double>(draws.groups.size());
  if (draws.dropped <= config.max_dropped_share * drawn) return {};
  return Error{ErrorCode::kGuard,
               str(draws.dropped, " of ", draws.groups.size(), " groups had failed checks; allowed is a share of ",
                   config.max_dropped_share, failure_in(draws.groups))};
}

// Draws `count` more groups: sampled, graded, filtered.
Result<void> draw_round(const GrpoConfig& config, const LoopPorts& ports, uint64_t first_serial, int count,
                        Draws& draws) {
  const double start = ports.seconds(), busy = ports.scorer.busy_seconds();
  HONE_TRY_ASSIGN(std::vector<Group> sampled, sample_round(ports, first_serial, count, config.group_size));
  const double all_ended = ports.seconds();
  HONE_TRY_ASSIGN(std::vector<DrawnGroup> graded, grade_round(config, ports, std::move(sampled)));
  draws.seconds.sample += all_ended - start;
  draws.seconds.grade += ports.seconds() - all_ended;
  draws.seconds.grading += ports.scorer.busy_seconds() - busy;
  for (DrawnGroup& group : graded) {
    draws.kept += group.decision.kept;
    draws.dropped += group.decision.dropped;
    draws.groups.push_back(std::move(group));
  }
  HONE_TRY(check_dropped(config, draws));
  for (auto group = draws.groups.end() - count; group != draws.groups.end(); ++group) {
    HONE_TRY(ports.log.scores_taken(group->scored.group.prompt->serial, group->scored.scores));
  }
  return {};
}

// Each round asks for exactly what is missing, so all kept groups are the first prompts_per_step kept by serial.
Result<Draws> draw_groups(const GrpoConfig& config, const LoopPorts& ports, LoopState state) {
  Draws draws;
  for (int round = 0; round <= config.refill_rounds && draws.kept < config.prompts_per_step; ++round) {
    const int count = config.prompts_per_step - draws.kept;
    const uint64_t first_serial = state.cursor + draws.groups.size();
    HONE_TRY(ports.log.groups_issued(state.step, first_serial, count));
    HONE_TRY(draw_round(config, ports, first_serial, count, draws));
  }
  return draws;
}

void assign_advantages(const GrpoConfig& config, std::vector<DrawnGroup>& groups) {
  std::vector<DrawnGroup*> kept;
  std::vector<std::vector<double>> rewards;
  for (DrawnGroup& group : groups) {
    if (!group.decision.kept) continue;
    kept.push_back(&group);
    rewards.emplace_back();
    for (const Score& score : group.scored.scores) rewards.back().push_back(score.reward);
  }
  std::vector<std::vector<float>> values = advantages(rewards, config.advantage_std);
  for (size_t g = 0; g < kept.size(); ++g) kept[g]->advantages = std::move(values[g]);
}

Result<std::optional<UpdateReport>> train(const GrpoConfig& config, Learner& learner,
                                          const std::vector<DrawnGroup>& groups) {
  std::vector<TrainedGroup> trained;
  for (const DrawnGroup& group : groups) {
    if (group.decision.kept) trained.push_back({&group.scored.group, group.advantages});
  }
  std::vector<UpdateReport> reports;
  for (const std::vector<TokenBatch>& batches : plan_updates(trained, config)) {
    HONE_TRY_ASSIGN(UpdateReport report, learner.update(batches, reports.empty()));
    reports.push_back(report);
  }
  return merge_reports(reports);
}

StepStats step_stats(const GrpoConfig& config, const Draws& draws) {
  StepStats stats = collect_stats(draws.groups);
  stats.groups_resampled = static_cast<int64_t>(draws.groups.size()) - config.prompts_per_step;
  stats.seconds = draws.seconds;
  return stats;
}

}  // namespace

Result<StepResult> grpo_step(const GrpoConfig& config, const LoopPorts& ports, LoopState state) {
  const double start = ports.seconds();
  HONE_TRY_ASSIGN(Draws draws, draw_groups(config, ports, state));
  assign_advantages(config, draws.groups);
  HONE_TRY(ports.log.commit());

  const double graded = ports.seconds();
  HONE_TRY_ASSIGN(std::optional<UpdateReport> report, train(config, ports.learner, draws.groups));
  draws.seconds.train = ports.seconds() - graded;
  draws.seconds.step = ports.seconds() - start;

  const LoopState next = {state.step + 1, state.cursor + draws.groups.size()};
  return StepResult{state.step, next, step_stats(config, draws), report, std::move(draws.groups)};
}

Result<LoopState> run_steps(const GrpoConfig& config, const LoopPorts& ports, LoopState state, int64_t last) {
  while (state.step < last) {
    HONE_TRY_ASSIGN(StepResult result, grpo_step(config, ports, state));
    HONE_TRY(ports.log.step_done(result));
    state = result.next;
  }
  return state;
}

}  // namespace hone::rl
