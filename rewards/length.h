// Checker "length": rewards that depend on how many tokens a completion has, in three shapes:
//   overlong  0 up to max_tokens - cache_tokens, from there linear to -1 at max_tokens and beyond (DAPO,
//             arXiv 2503.14476, equation 13);
//   cosine    between a score for the shortest and one for max_tokens and beyond, each for right and for wrong answers
//             (arXiv 2502.03373, section 4.1, without its cliff at the limit);
//   group     1/2 for the shortest answer of the group to -1/2 for the longest, a wrong one never above 0, all 0 where
//             all have one length (Kimi k1.5, arXiv 2501.12599, section 2.3.3).
#pragma once

#include "rewards/checker.h"
#include "rewards/registry.h"

namespace hone::rewards {

enum class LengthShape { kOverlong, kCosine, kGroup };
std::span<const char* const> enum_names(LengthShape);

// A sample's length is the number of its tokens as sampled, the stop token among them; without those the number that
// the tokenizer makes of its text.
class LengthChecker final : public Checker {
 public:
  struct Options {
    LengthShape shape = LengthShape::kOverlong;
    int64_t max_tokens = 0;
    int64_t cache_tokens = 0;
    std::string correct_by = "answer";  // the checker that says whether an answer is right, with its default options
    double correct_short = 1, correct_long = 0.5, wrong_short = -1, wrong_long = -0.5;
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
  Result<void> check_gold(const nlohmann::json& gold) const override;
  bool wants_group() const override { return options_.shape == LengthShape::kGroup; }
  CheckResult check(const CheckInput& input) const override;
  // Results that say why correct_by gave no judgement (gold_error, timeout, infra, not_applicable) are passed on.
  std::vector<CheckResult> check_group(std::span<const CheckInput> group) const override;

 private:
  LengthChecker(const Options& options, TokenCounter counter, std::unique_ptr<Checker> judge)
      : options_(options), count_tokens_(std::move(counter)), judge_(std::move(judge)) {}
  int64_t length_of(const CheckInput& input) const;
  double score(int64_t length, bool correct, int64_t shortest, int64_t longest) const;

  const Options options_;
  const TokenCounter count_tokens_;
  const std::unique_ptr<Checker> judge_;  // null for overlong
};

}  // namespace hone::rewards
