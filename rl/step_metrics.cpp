#include "rl/step_stats.h"

namespace hone::rl {
namespace {

class MetricList {
 public:
  void add(std::string name, std::optional<double> value) {
    if (value) list_.emplace_back(std::move(name), *value);
  }
  void add_count(std::string name, int64_t value) { list_.emplace_back(std::move(name), static_cast<double>(value)); }
  std::vector<std::pair<std::string, double>> take() { return std::move(list_); }

 private:
  std::vector<std::pair<std::string, double>> list_;
};

void add_report(const UpdateReport& report, MetricList& list) {
  list.add("loss", report.loss);
  list.add("entropy", report.entropy);
  if (report.has_kl) list.add("kl", report.kl);
  list.add("grad_norm", report.grad_norm);
  list.add("learning_rate", report.learning_rate);
  list.add("clip/low", report.clip_low);
  list.add("clip/high", report.clip_high);
  list.add("parity/max_abs_diff", report.parity_max_abs_diff);
  list.add_count("tokens/trained", report.trained_tokens);
  if (report.expert_max_load_ratio > 0) list.add("experts/max_load_ratio", report.expert_max_load_ratio);
}

void add_component(const std::string& name, const ComponentStats& component, MetricList& list) {
  list.add("reward/" + name, component.mean);
  for (int v = 0; v < kNumVerdicts; ++v) {
    const int64_t count = component.verdicts[static_cast<size_t>(v)];
    if (count > 0) list.add_count(str("verdicts/", name, "/", to_string(static_cast<Verdict>(v))), count);
  }
}

void add_samples(const StepStats& stats, MetricList& list) {
  list.add("reward/mean", stats.reward_mean);
  list.add("reward/std", stats.reward_std);
  for (const auto& [name, component] : stats.components) add_component(name, component, list);
  list.add("accuracy", stats.accuracy);
  list.add("length/mean", stats.length_mean);
  list.add("length/max", stats.length_max);
  list.add("length/correct", stats.length_correct);
  list.add("length/wrong", stats.length_wrong);
  list.add("length/truncated_rate", stats.truncated_rate);
}

void add_cost(const StepStats& stats, MetricList& list) {
  list.add_count("tokens/prompt", stats.tokens_prompt);
  list.add_count("tokens/completion", stats.tokens_completion);
  const Seconds& seconds = stats.seconds;
  if (seconds.step > 0) list.add("tokens_per_second", static_cast<double>(stats.tokens_completion) / seconds.step);
  list.add("seconds/step", seconds.step);
  list.add("seconds/sample", seconds.sample);
  list.add("seconds/grade", seconds.grade);
  list.add("seconds/grading", seconds.grading);
  list.add("seconds/train", seconds.train);
}

}  // namespace

std::vector<std::pair<std::string, double>> step_metrics(const StepStats& stats,
                                                         const std::optional<UpdateReport>& report) {
  MetricList list;
  if (report) add_report(*report, list);
  add_samples(stats, list);
  list.add_count("groups/kept", stats.groups_kept);
  list.add_count("groups/zero_variance", stats.groups_zero_variance);
  list.add_count("groups/resampled", stats.groups_resampled);
  list.add_count("groups/dropped", stats.groups_dropped);
  add_cost(stats, list);
  return list.take();
}

}  // namespace hone::rl
