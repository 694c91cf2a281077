// Checker "repetition": the n-gram penalty of arXiv 2502.03373 (section 4.2),
//   (1 - different n-grams / all n-grams) * max_penalty,
// 0 for texts shorter than n.
#pragma once

#include "rewards/checker.h"
#include "rewards/registry.h"

namespace hone::rewards {

enum class RepetitionUnit { kWords, kTokens };
std::span<const char* const> enum_names(RepetitionUnit);

// Hashes of the words of a text: what white space separates, and every letter of a script without spaces. Words that
// differ in the case of ASCII letters are one.
std::vector<uint64_t> word_hashes(std::string_view text);

// The share of n-grams that occurred before, in [0, 1). N-grams with equal 61-bit hashes count as equal: for a million
// n-grams that differ the chance of one such pair is below 1e-6. Requires 1 <= n. Time linear in the items.
double repeated_share(std::span<const uint64_t> items, int64_t n);

class RepetitionChecker final : public Checker {
 public:
  struct Options {
    RepetitionUnit unit = RepetitionUnit::kWords;  // tokens: not_applicable where the sampler's tokens are not known
    int64_t ngram = 3;
    double max_penalty = -1;
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
  Result<void> check_gold(const nlohmann::json&) const override { return {}; }
  CheckResult check(const CheckInput& input) const override;

 private:
  explicit RepetitionChecker(const Options& options) : options_(options) {}
  const Options options_;
};

}  // namespace hone::rewards
