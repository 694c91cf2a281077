// Pairs of gold and answer for the tests of the maths checker.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rewards/math/grade.h"

namespace hone::math {

struct Pair {
  std::string_view gold;
  std::string_view answer;
};

inline Grade grade_bare(std::string_view gold, std::string_view answer, const Policy& policy = {}) {
  return grade({std::string(gold)}, answer, true, policy);
}

inline std::string_view name_of(Outcome outcome) {
  constexpr std::string_view kNames[] = {"correct", "wrong", "no_answer", "parse_error", "limit", "gold_error"};
  return kNames[static_cast<size_t>(outcome)];
}

inline bool is_correct(std::string_view gold, std::string_view answer, const Policy& policy = {}) {
  return grade_bare(gold, answer, policy).outcome == Outcome::kCorrect;
}

// What a failure shows.
inline std::string describe(std::string_view gold, std::string_view answer, const Policy& policy = {}) {
  const Grade grade = grade_bare(gold, answer, policy);
  return std::string("gold '")
      .append(gold)
      .append("' (")
      .append(grade.gold_canonical)
      .append("), answer '")
      .append(answer)
      .append("' (")
      .append(grade.canonical)
      .append("): ")
      .append(name_of(grade.outcome))
      .append(" ")
      .append(grade.reason);
}

}  // namespace hone::math
