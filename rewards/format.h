// Checker "format": the completion is <think>reasoning</think><answer>answer</answer>, each tag once, white space
// allowed around the two parts and nothing else outside. Score 1 or 0, whether the answer is right or not.
#pragma once

#include "rewards/checker.h"
#include "rewards/registry.h"

namespace hone::rewards {

class FormatChecker final : public Checker {
 public:
  struct Options {
    int64_t min_reasoning_tokens = 0;  // above 0 it needs count_tokens
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
  Result<void> check_gold(const nlohmann::json&) const override { return {}; }
  CheckResult check(const CheckInput& input) const override;

 private:
  FormatChecker(int64_t min_reasoning_tokens, TokenCounter count_tokens)
      : min_reasoning_tokens_(min_reasoning_tokens), count_tokens_(std::move(count_tokens)) {}

  const int64_t min_reasoning_tokens_;
  const TokenCounter count_tokens_;
};

}  // namespace hone::rewards
