#include "cli/terminal_observer.h"

#include <cmath>
#include <span>

#include "cli/report_text.h"
#include "trainer/model.h"
#include "trainer/run_config_names.h"

namespace hone::cli {
namespace {

using trainer::ShownSample;
using trainer::StageConfig;
using trainer::StepProgress;

struct Shown {
  const char* key;
  const char* name;
  int decimals;
};
// The objective of grpo hovers around 0 whatever is learnt, so its reward stands for it.
constexpr Shown kSupervised[] = {{"loss", "loss", 4}};
constexpr Shown kGrpo[] = {{"reward/mean", "reward", 3}, {"accuracy", "accuracy", 3}, {"length/mean", "length", 1}};

std::span<const Shown> shown_of(const StageConfig& stage) {
  if (stage.kind == trainer::StageKind::kGrpo) return kGrpo;
  return kSupervised;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string progress_text(const StageConfig& stage, const StepProgress& progress) {
  std::string text = str(stage.name, " ", progress.step, "/", progress.steps);
  text += str("  ", clock_text(progress.seconds_left), " left");
  for (const Shown& shown : shown_of(stage)) {
    const auto found = progress.metrics.find(shown.key);
    if (found != progress.metrics.end()) text += str("  ", shown.name, " ", fixed(found->second, shown.decimals));
  }
  if (progress.tokens_per_second > 0) text += str("  ", grouped(std::llround(progress.tokens_per_second)), " tokens/s");
  return text;
}

void TerminalObserver::run_started(const trainer::ResolvedConfig& config, const std::string& run_dir) {
  const trainer::RunSection& run = config.config.run;
  const char* backend = trainer::backend_of(run.device, config.config.policy.dtype).name;
  lines_.print(str("run ", run.name, " in ", printable(run_dir), ", seed ", run.seed, ", ", backend));
}

void TerminalObserver::stage_started(const StageConfig& stage, int64_t first_step) {
  pace_ = {};
  const std::string from = first_step > 1 ? str(", from step ", first_step, " on") : "";
  lines_.print(str(stage.name, ": ", trainer::name_of(stage.kind), ", ", stage.steps, " steps", from), Tone::kBold);
}

void TerminalObserver::step_done(const StageConfig& stage, const StepProgress& progress) {
  const std::string status = progress_text(stage, progress);
  if (lines_.live()) {
    redraw(status, progress.step == progress.steps);
  } else if (pace_.due(progress.step, progress.steps, seconds_since(start_))) {
    lines_.print(status);
  }
}

void TerminalObserver::redraw(const std::string& status, bool last) {
  constexpr double kSecondsBetween = 0.1;
  if (!last && seconds_since(last_drawn_) < kSecondsBetween) return;
  last_drawn_ = std::chrono::steady_clock::now();
  lines_.draw(status);
}

void TerminalObserver::sample_shown(const StageConfig&, int64_t, const ShownSample& sample) {
  const std::string text = printable(str(sample.prompt, sample.completion));
  if (text == last_shown_) return;
  last_shown_ = text;
  // A gold that is no value but a set of tests says nothing to people.
  const bool is_value = !sample.gold.starts_with('{') && !sample.gold.starts_with('[');
  const std::string right = is_value ? ", right is " + printable(sample.gold) : "";
  const std::string reward = str("  reward ", fixed(sample.reward, 2), right);
  const size_t columns = lines_.columns();
  const size_t room = columns > reward.size() + 12 ? columns - reward.size() - 3 : columns;
  lines_.print(fit(str("  ", fit(text, room), reward), columns), Tone::kDim);
}

void TerminalObserver::evaluated(const StageConfig& stage, int64_t step, const trainer::EvalReport& report) {
  lines_.print(str(stage.name, " step ", step, ": ", report_line(report)));
}

void TerminalObserver::event(const std::string& event, const std::string& detail) {
  lines_.print(printable(detail.empty() ? event : event + ": " + detail));
}

void TerminalObserver::stage_done(const StageConfig&) { lines_.clear(); }

}  // namespace hone::cli
