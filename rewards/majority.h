// Majority voting over the answers of one problem.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace hone::rewards {

// Index of the first of the most frequent answers; ties go to the answer seen first. Empty texts are no answers and do
// not vote; nullopt when nothing votes.
std::optional<size_t> majority(std::span<const std::string> answers);

}  // namespace hone::rewards
