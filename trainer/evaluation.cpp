#include "trainer/evaluation.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/philox.h"

namespace hone::trainer {
namespace {

constexpr int kResamples = 1000;
constexpr int kLowRank = 25, kHighRank = 974;  // 2.5 % of the resampled means lie below, 2.5 % above
constexpr uint64_t kBootstrapKey = mix64(0, 95, Purpose::kEval);

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

struct Lengths {
  int64_t count = 0, tokens = 0;
  void add(const EvalSample& sample) { ++count, tokens += sample.length; }
  std::optional<double> mean() const {
    return count == 0 ? std::nullopt : std::optional(static_cast<double>(tokens) / static_cast<double>(count));
  }
};

int64_t count_correct(const std::vector<EvalSample>& samples) {
  return std::count_if(samples.begin(), samples.end(), [](const EvalSample& sample) { return sample.correct; });
}

// Of single problems.
struct Accuracy {
  std::vector<double> at_1, at_k, majority;

  void add(const std::vector<EvalSample>& samples, int64_t k) {
    const auto count = static_cast<int64_t>(samples.size());
    const int64_t correct = count_correct(samples);
    at_1.push_back(static_cast<double>(correct) / static_cast<double>(count));
    at_k.push_back(pass_at_k(count, correct, k));
    majority.push_back(majority_correct(samples, k) ? 1 : 0);
  }
  EvalShares shares() const { return {static_cast<int64_t>(at_1.size()), mean(at_1), mean(at_k), mean(majority)}; }
};

Accuracy accuracy_of(const std::vector<std::vector<EvalSample>>& problems, int64_t k) {
  Accuracy accuracy;
  for (const auto& samples : problems) accuracy.add(samples, k);
  return accuracy;
}

void add_accuracy(const std::vector<std::vector<EvalSample>>& problems, EvalReport& report) {
  const Accuracy accuracy = accuracy_of(problems, report.setup.k);
  const EvalShares shares = accuracy.shares();
  report.pass_at_1 = shares.pass_at_1;
  std::tie(report.pass_at_1_low, report.pass_at_1_high) = bootstrap_ci95(accuracy.at_1);
  report.pass_at_k = shares.pass_at_k;
  report.majority_at_k = shares.majority_at_k;
  for (int64_t k = 1; k < report.setup.k; k *= 2) report.by_k[k] = accuracy_of(problems, k).shares();
  report.by_k[report.setup.k] = shares;
}

void add_sources(const std::vector<std::vector<EvalSample>>& problems, const std::vector<std::string>& sources,
                 EvalReport& report) {
  std::map<std::string, Accuracy> by_source;
  for (size_t i = 0; i < sources.size(); ++i) by_source[sources[i]].add(problems[i], report.setup.k);
  if (by_source.size() < 2) return;
  for (const auto& [source, accuracy] : by_source) report.by_source[source] = accuracy.shares();
}

void add_lengths_and_rates(const std::vector<std::vector<EvalSample>>& problems, EvalReport& report) {
  Lengths all, correct, wrong;
  int64_t formatted = 0, truncated = 0;
  for (const auto& samples : problems) {
    for (const EvalSample& sample : samples) {
      all.add(sample);
      (sample.correct ? correct : wrong).add(sample);
      formatted += sample.formatted;
      truncated += sample.truncated;
    }
  }
  report.format_rate = static_cast<double>(formatted) / static_cast<double>(all.count);
  report.truncated_rate = static_cast<double>(truncated) / static_cast<double>(all.count);
  report.length_mean = *all.mean();
  report.length_correct_mean = correct.mean();
  report.length_wrong_mean = wrong.mean();
  report.tokens = all.tokens;
}

}  // namespace

EvalReport evaluate(const std::vector<std::vector<EvalSample>>& problems, EvalSetup setup,
                    const std::vector<std::string>& sources) {
  HONE_CHECK(!problems.empty() && !problems[0].empty(), "nothing to evaluate");
  for (const auto& samples : problems) HONE_CHECK_EQ(samples.size(), problems[0].size());
  HONE_CHECK(sources.empty() || sources.size() == problems.size(), sources.size(), " sources");
  EvalReport report;
  report.setup = std::move(setup);
  report.problems = static_cast<int64_t>(problems.size());
  report.samples = static_cast<int64_t>(problems[0].size());
  add_accuracy(problems, report);
  add_sources(problems, sources, report);
  add_lengths_and_rates(problems, report);
  return report;
}

// As a product, since the binomials overflow: the chance that none of k is right is prod over i < k of
// (wrong - i) / (samples - i).
double pass_at_k(int64_t samples, int64_t correct, int64_t k) {
  HONE_CHECK(correct >= 0 && correct <= samples && k >= 1 && k <= samples, samples, " ", correct, " ", k);
  const int64_t wrong = samples - correct;
  double none_right = 1;
  for (int64_t i = 0; i < k && none_right > 0; ++i) {
    none_right *= static_cast<double>(wrong - i) / static_cast<double>(samples - i);
  }
  return 1 - std::max(none_right, 0.0);
}

bool majority_correct(const std::vector<EvalSample>& samples, int64_t k) {
  HONE_CHECK(k >= 1 && k <= static_cast<int64_t>(samples.size()), k, " of ", samples.size());
  const EvalSample* winner = nullptr;
  int64_t most = 0;
  for (int64_t i = 0; i < k; ++i) {
    if (samples[i].answer.empty()) continue;
    const auto same = [&](const EvalSample& other) { return other.answer == samples[i].answer; };
    const int64_t votes = std::count_if(samples.begin(), samples.begin() + k, same);
    if (votes > most) {
      most = votes;
      winner = &samples[i];
    }
  }
  return winner && winner->correct;
}

std::pair<double, double> bootstrap_ci95(const std::vector<double>& values) {
  HONE_CHECK(!values.empty(), "no values");
  const auto count = static_cast<uint32_t>(values.size());
  std::vector<double> means(kResamples);
  for (int resample = 0; resample < kResamples; ++resample) {
    PhiloxStream random(kBootstrapKey, resample);
    double sum = 0;
    for (uint32_t i = 0; i < count; ++i) sum += values[random.below(count)];
    means[resample] = sum / count;
  }
  std::sort(means.begin(), means.end());
  return {means[kLowRank], means[kHighRank]};
}

nlohmann::ordered_json to_json(const EvalReport& report) {
  nlohmann::ordered_json json;
  json["target"] = report.setup.target;
  json["task"] = report.setup.task;
  json["problems"] = report.problems;
  json["samples"] = report.samples;
  json["k"] = report.setup.k;
  json["temperature"] = report.setup.temperature;
  json["pass_at_1"] = report.pass_at_1;
  json["pass_at_1_ci95"] = {report.pass_at_1_low, report.pass_at_1_high};
  json["pass_at_k"] = report.pass_at_k;
  json["majority_at_k"] = report.majority_at_k;
  json["format_rate"] = report.format_rate;
  json["length_mean"] = report.length_mean;
  if (report.length_correct_mean) json["length_correct_mean"] = *report.length_correct_mean;
  if (report.length_wrong_mean) json["length_wrong_mean"] = *report.length_wrong_mean;
  json["truncated_rate"] = report.truncated_rate;
  json["seconds"] = report.setup.seconds;
  json["tokens"] = report.tokens;
  for (const auto& [k, shares] : report.by_k) {
    json["pass_at"][std::to_string(k)] = shares.pass_at_k;
    json["majority_at"][std::to_string(k)] = shares.majority_at_k;
  }
  for (const auto& [source, shares] : report.by_source)
    json["sources"][source] = {{"problems", shares.problems},
                               {"pass_at_1", shares.pass_at_1},
                               {"pass_at_k", shares.pass_at_k},
                               {"majority_at_k", shares.majority_at_k}};
  return json;
}

std::vector<std::pair<std::string, double>> to_metrics(const EvalReport& report, const std::string& name) {
  std::vector<std::pair<std::string, double>> metrics;
  const std::string prefix = "eval/" + name + "/";
  const auto json = to_json(report);
  for (const auto& [key, value] : json.items()) {
    if (value.is_number()) metrics.emplace_back(prefix + key, value.get<double>());
    if (value.is_array()) {
      metrics.emplace_back(prefix + key + "_low", value[0].get<double>());
      metrics.emplace_back(prefix + key + "_high", value[1].get<double>());
    }
  }
  return metrics;
}

}  // namespace hone::trainer
