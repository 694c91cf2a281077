// Checker "tag_count": the share of tags that occur exactly once, wherever they stand. A softer reward than "format"
// for models that do not know the tags yet (Open-R1: a quarter for each of the four).
#pragma once

#include "rewards/checker.h"
#include "rewards/registry.h"

namespace hone::rewards {

class TagCountChecker final : public Checker {
 public:
  struct Options {
    std::vector<std::string> tags = {"<think>", "</think>", "<answer>", "</answer>"};  // 1 to 16, none empty
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
  Result<void> check_gold(const nlohmann::json&) const override { return {}; }
  // A tag with which the prompt ends counts as the completion's first.
  CheckResult check(const CheckInput& input) const override;

 private:
  explicit TagCountChecker(const Options& options) : tags_(options.tags) {}
  const std::vector<std::string> tags_;
};

}  // namespace hone::rewards
