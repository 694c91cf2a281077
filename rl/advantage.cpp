#include "rl/advantage.h"

#include <algorithm>
#include <functional>

#include "rl/moments.h"

namespace hone::rl {
namespace {

constexpr double kStdEpsilon = 1e-6;

// verl's rule for what has no deviation: a standard deviation of 1.
double std_divisor(std::span<const double> rewards) { return standard_deviation(rewards).value_or(1) + kStdEpsilon; }

double batch_divisor(std::span<const std::vector<double>> rewards) {
  std::vector<double> all;
  for (const auto& group : rewards) all.insert(all.end(), group.begin(), group.end());
  return std_divisor(all);
}

std::vector<float> group_advantages(std::span<const double> rewards, double divisor) {
  const double center = rewards.size() > 1 ? *mean(rewards) : 0;
  std::vector<float> result;
  for (double reward : rewards) result.push_back(static_cast<float>((reward - center) / divisor));
  return result;
}

// Rounding can put the mean of equal rewards beside them, and 1e-6 below that residue would make an advantage of it.
bool all_equal(std::span<const double> rewards) {
  return std::adjacent_find(rewards.begin(), rewards.end(), std::not_equal_to<>()) == rewards.end();
}

}  // namespace

std::vector<std::vector<float>> advantages(std::span<const std::vector<double>> rewards, AdvantageStd divisor) {
  const double common = divisor == AdvantageStd::kBatch ? batch_divisor(rewards) : 1;
  std::vector<std::vector<float>> result;
  for (const auto& group : rewards) {
    if (group.size() > 1 && all_equal(group)) {
      result.emplace_back(group.size(), 0.0f);
    } else {
      result.push_back(group_advantages(group, divisor == AdvantageStd::kGroup ? std_divisor(group) : common));
    }
  }
  return result;
}

}  // namespace hone::rl
