// What a step of the loop hands out: where the run stands, what was drawn, and what it measured.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rl/group_filter.h"
#include "rl/types.h"
#include "rl/verdict.h"

namespace hone::rl {

// The only state of the loop. All else follows from it, the policy and the seed.
struct LoopState {
  int64_t step = 0;     // the next step
  uint64_t cursor = 0;  // the next group serial
};

// A group drawn in a step. Advantages [group size] only where the group was trained on, else empty.
struct DrawnGroup {
  ScoredGroup scored;
  GroupDecision decision;
  std::vector<float> advantages;
};

// One component over the samples of a step, all groups drawn.
struct ComponentStats {
  std::array<int64_t, kNumVerdicts> verdicts{};
  std::optional<double> mean;  // before weighting, over the samples where it has a score
};

// Where the time of a step went.
struct Seconds {
  double step = 0;
  double sample = 0;
  double grade = 0;    // waited for after a round's last answer ended
  double grading = 0;  // in which some answer was being graded, while others were sampled or waited for
  double train = 0;
};

// Over all samples drawn, before the filter. A mean over nothing is absent.
struct StepStats {
  std::optional<double> reward_mean, reward_std;  // of samples without a failed check; std divides by n - 1
  std::optional<double> accuracy;                 // share of correct by the first component, where that has a score
  std::optional<double> length_mean, length_max;  // tokens, the stop token counted
  std::optional<double> length_correct, length_wrong;  // split as for accuracy
  std::optional<double> truncated_rate;
  std::map<std::string, ComponentStats> components;  // by name

  int64_t groups_kept = 0;           // trained on
  int64_t groups_zero_variance = 0;
  int64_t groups_resampled = 0;      // drawn in refill rounds
  int64_t groups_dropped = 0;        // because a check failed

  int64_t tokens_prompt = 0;  // once per group
  int64_t tokens_completion = 0;

  Seconds seconds;
};

struct StepResult {
  int64_t step = 0;
  LoopState next;                      // where the run stands after it
  StepStats stats;
  std::optional<UpdateReport> report;  // over all updates of the step; absent when nothing was trained
  std::vector<DrawnGroup> groups;      // all that were drawn, by serial
};

}  // namespace hone::rl
