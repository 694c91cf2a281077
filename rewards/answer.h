// Checker "answer": the text in the last <answer>...</answer> after the reasoning must equal the gold.
#pragma once

#include <optional>

#include "rewards/checker.h"
#include "rewards/registry.h"

namespace hone::rewards {

struct Extraction {
  std::optional<std::string_view> answer;  // trimmed, not empty; part of the completion
  std::string reason;                      // why there is none
};

// What follows the reasoning; nullopt where the reasoning does not end.
std::optional<std::string_view> after_reasoning(const CheckInput& input);

// Reasoning ends at the last </think>; reasoning that never ends holds no answer. A completion without reasoning is all
// answer.
Extraction extract_answer(const CheckInput& input);

// The gold is a text, or a number, which counts as its shortest decimal text (40 and 40.0 as "40").
class AnswerChecker final : public Checker {
 public:
  using Options = NoOptions;
  static Result<std::unique_ptr<Checker>> make(const Options&, const CheckerContext&);
  Result<void> check_gold(const nlohmann::json& gold) const override;
  CheckResult check(const CheckInput& input) const override;
};

}  // namespace hone::rewards
