// The numbers of an evaluation, from graded answers. Pure: no model, no clock, no files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace hone::trainer {

struct EvalSample {
  bool correct = false;
  bool formatted = false;
  int32_t length = 0;  // tokens
  bool truncated = false;
  std::string answer;  // as compared in a vote; empty: none found, no vote
};

// What was evaluated and how; copied into the report.
struct EvalSetup {
  std::string target, task;
  int32_t k = 1;  // of pass_at_k and majority_at_k; at most the samples of a problem
  double temperature = 1;
  double seconds = 0;
};

// The same numbers for another k, or for some of the problems.
struct EvalShares {
  int64_t problems = 0;
  double pass_at_1 = 0, pass_at_k = 0, majority_at_k = 0;
};

struct EvalReport {
  EvalSetup setup;
  int64_t problems = 0, samples = 0;  // samples of each problem
  double pass_at_1 = 0;
  double pass_at_1_low = 0, pass_at_1_high = 0;  // 95 % interval, bootstrap over problems
  double pass_at_k = 0, majority_at_k = 0;
  double format_rate = 0, truncated_rate = 0;
  double length_mean = 0;
  std::optional<double> length_correct_mean, length_wrong_mean;  // nullopt where there is no such answer
  int64_t tokens = 0;
  std::map<int64_t, EvalShares> by_k;           // 1, 2, 4, … and setup.k
  std::map<std::string, EvalShares> by_source;  // empty where all problems have one data_source
};

// problems[i] holds the samples of problem i in order of their index. Requires at least one problem, equally many
// samples in each, and 1 <= k <= samples. sources[i] is the data_source of problem i; empty: not known.
EvalReport evaluate(const std::vector<std::vector<EvalSample>>& problems, EvalSetup setup,
                    const std::vector<std::string>& sources = {});

// Unbiased estimate of the chance that one of k answers is right when `correct` of `samples` were:
// 1 - C(samples - correct, k) / C(samples, k) (Chen et al., "Evaluating Large Language Models Trained on Code", 2021).
double pass_at_k(int64_t samples, int64_t correct, int64_t k);

// Whether the most frequent answer of the first k is right; of equally frequent ones that seen first.
bool majority_correct(const std::vector<EvalSample>& samples, int64_t k);

// The 2.5 % and 97.5 % quantiles of the mean over 1000 resamples of `values`; a function of the values alone.
std::pair<double, double> bootstrap_ci95(const std::vector<double>& values);

// The object that `eval --json` prints.
nlohmann::ordered_json to_json(const EvalReport& report);

// The numbers of the report under the names eval/<name>/<key>; those that do not exist are left out.
std::vector<std::pair<std::string, double>> to_metrics(const EvalReport& report, const std::string& name);

}  // namespace hone::trainer
