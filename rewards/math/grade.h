// Grades an answer to a mathematical question against its gold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rewards/math/policy.h"

namespace hone::math {

enum class Outcome {
  kCorrect,
  kWrong,
  kNoAnswer,    // nothing that could be an answer
  kParseError,  // the answer cannot be read
  kLimit,       // reading or comparing it would have cost too much
  kGoldError,   // the gold cannot be read
};

struct Grade {
  Outcome outcome = Outcome::kGoldError;
  std::string extracted;
  std::string canonical;
  std::string gold_canonical;
  std::string reason;
};

// Whether golds of this text can be graded against. The gold is LaTeX or plain text: the answer itself, or a solution
// with the answer in a box or after "####".
Result<void> check_gold(std::string_view gold, const Policy& policy);

// The completion is any bytes. Right when it equals one of the golds (at least one). A bare answer is the answer
// itself. A pure function of its arguments; time linear in the completion, and bounded by a count of steps beyond that.
Grade grade(const std::vector<std::string>& golds, std::string_view completion, bool bare, const Policy& policy);

}  // namespace hone::math
