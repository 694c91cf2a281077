// Where the time of an optimizer step goes, told from the order of its operators.
#pragma once

#include <array>
#include <string_view>

#include "tests/bench/profiled_backend.h"

namespace hone::bench {

enum Phase { kForward, kObjective, kBackward, kOptimizer, kPack, kRest, kNumPhases };
inline constexpr std::array<const char*, kNumPhases> kPhaseNames = {"train forward", "objective", "backward",
                                                                    "optimizer",     "pack",      "rest of train"};

// Between start() and stop() every moment counts for one phase. A gap between two operators counts for the phase that
// the operator before it leaves: after token_logprob that is the objective.
class PhaseClock {
 public:
  void start() {
    running_ = true;
    phase_ = kRest;
    last_ = Clock::now();
  }
  void stop() {
    charge(phase_, Clock::now());
    running_ = false;
  }
  void on_operator(std::string_view name, Clock::time_point begin, Clock::time_point end) {
    if (!running_) return;
    charge(phase_, begin);
    phase_ = entered_by(name);
    charge(phase_, end);
    if (name == "token_logprob") phase_ = kObjective;
    if (name == "embed_backward") phase_ = kRest;
  }
  double seconds(Phase phase) const { return seconds_[phase]; }

 private:
  Phase entered_by(std::string_view name) const {
    if (name == "embed") return kForward;
    if (name == "sum_of_squares" || name == "adamw") return kOptimizer;
    if (name == "pack_panels") return kPack;
    return phase_ == kObjective ? kBackward : phase_;
  }
  void charge(Phase phase, Clock::time_point until) {
    seconds_[phase] += std::chrono::duration<double>(until - last_).count();
    last_ = until;
  }

  bool running_ = false;
  Phase phase_ = kRest;
  Clock::time_point last_;
  std::array<double, kNumPhases> seconds_{};
};

}  // namespace hone::bench
