// Mean and standard deviation in double, summed in the order of the values. std::sqrt is exact to the last bit by IEEE
// 754, so the results may reach weights.
#pragma once

#include <optional>
#include <span>

namespace hone::rl {

// nullopt of nothing.
std::optional<double> mean(std::span<const double> values);
// Divides by n - 1; nullopt of fewer than two values.
std::optional<double> standard_deviation(std::span<const double> values);

}  // namespace hone::rl
