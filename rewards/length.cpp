#include "rewards/length.h"

#include <algorithm>
#include <numbers>

#include "base/portable_math.h"
#include "rl/verdict.h"

namespace hone::rewards {
namespace {

using rl::Verdict;

constexpr const char* kShapes[] = {"overlong", "cosine", "group"};
constexpr double kMaxTokens = 1 << 24;

double overlong(int64_t length, int64_t max_tokens, int64_t cache_tokens) {
  const int64_t over = length - (max_tokens - cache_tokens);
  if (over <= 0) return 0;
  return length >= max_tokens ? -1 : -static_cast<double>(over) / static_cast<double>(cache_tokens);
}

// From `at_zero` to `at_end` along half a cosine.
double cosine(int64_t length, int64_t end, double at_zero, double at_end) {
  const double share = static_cast<double>(std::min(length, end)) / static_cast<double>(end);
  return at_end + (at_zero - at_end) * (1 + portable_cos(std::numbers::pi * share)) / 2;
}

double in_group(int64_t length, bool correct, int64_t shortest, int64_t longest) {
  if (shortest == longest) return 0;
  const double lambda = 0.5 - static_cast<double>(length - shortest) / static_cast<double>(longest - shortest);
  return correct ? lambda : std::min(0.0, lambda);
}

// Whether the judge judged; a checker that only measures is a mistake in the configuration.
CheckResult judgement(CheckResult result) {
  if (result.verdict != Verdict::kScored) return result;
  return {.verdict = Verdict::kInfra, .reason = "correct_by names a checker that measures and does not judge"};
}

}  // namespace

HONE_CHECKER("length", LengthChecker, "a reward for the number of tokens: overlong, cosine or group");

std::span<const char* const> enum_names(LengthShape) { return kShapes; }

Fields LengthChecker::Options::fields() {
  const std::string name = kShapes[static_cast<size_t>(shape)];
  const Condition overlong_only = {shape == LengthShape::kOverlong, "shape overlong", "shape", name};
  const Condition cosine_only = {shape == LengthShape::kCosine, "shape cosine", "shape", name};
  const Condition absolute = {shape != LengthShape::kGroup, "shape overlong or cosine", "shape", name};
  const Condition judged = {shape != LengthShape::kOverlong, "shape cosine or group", "shape", name};
  const auto score = [&](const char* key, double& value, const char* of) {
    return field(key, value, {.help = std::string("Score of ") + of + ".", .range = between(-1e6, 1e6),
                              .only = cosine_only});
  };
  return {field("shape", shape, {.help = "How the score follows the length.", .decides = true}),
          field("max_tokens", max_tokens, {.help = "The length from which on the score no longer changes.",
                                           .range = between(1, kMaxTokens), .only = absolute, .required = true}),
          field("cache_tokens", cache_tokens, {.help = "Over how many tokens before max_tokens the score falls.",
                                               .range = between(1, kMaxTokens), .only = overlong_only,
                                               .required = true}),
          field("correct_by", correct_by, {.help = "The checker that says whether an answer is right.",
                                           .only = judged}),
          score("correct_short", correct_short, "a right answer of length 0"),
          score("correct_long", correct_long, "a right answer of max_tokens"),
          score("wrong_short", wrong_short, "a wrong answer of length 0"),
          score("wrong_long", wrong_long, "a wrong answer of max_tokens")};
}

Result<std::unique_ptr<Checker>> LengthChecker::make(const Options& options, const CheckerContext& context) {
  if (!context.count_tokens) return Error{.message = "the checker length needs a tokenizer, and there is none here"};
  if (options.shape == LengthShape::kOverlong && options.cache_tokens > options.max_tokens)
    return Error{.message = str("must be at most max_tokens (", options.max_tokens, "), not ", options.cache_tokens),
                 .field = "cache_tokens"};
  std::unique_ptr<Checker> judge;
  if (options.shape != LengthShape::kOverlong) {
    auto made = make_checker(options.correct_by, nlohmann::json::object(), context);
    if (!made) return Error{.message = made.error().to_string(), .field = "correct_by"};
    judge = std::move(*made);
  }
  return std::unique_ptr<Checker>(new LengthChecker(options, context.count_tokens, std::move(judge)));
}

Result<void> LengthChecker::check_gold(const nlohmann::json& gold) const {
  if (judge_ == nullptr) return {};
  return judge_->check_gold(gold);
}

int64_t LengthChecker::length_of(const CheckInput& input) const {
  return input.tokens.empty() ? count_tokens_(input.completion) : static_cast<int64_t>(input.tokens.size());
}

double LengthChecker::score(int64_t length, bool correct, int64_t shortest, int64_t longest) const {
  switch (options_.shape) {
    case LengthShape::kOverlong: return overlong(length, options_.max_tokens, options_.cache_tokens);
    case LengthShape::kCosine:
      return cosine(length, options_.max_tokens, correct ? options_.correct_short : options_.wrong_short,
                    correct ? options_.correct_long : options_.wrong_long);
    case LengthShape::kGroup: return in_group(length, correct, shortest, longest);
  }
  return 0;
}

CheckResult LengthChecker::check(const CheckInput& input) const { return check_group({&input, 1}).front(); }

std::vector<CheckResult> LengthChecker::check_group(std::span<const CheckInput> group) const {
  std::vector<CheckResult> results(group.size(), {.verdict = Verdict::kWrong});
  if (judge_ != nullptr && judge_->wants_group()) {
    results = judge_->check_group(group);
  } else if (judge_ != nullptr) {
    for (size_t i = 0; i < group.size(); ++i) results[i] = judge_->check(group[i]);
  }
  std::vector<int64_t> lengths;
  for (const CheckInput& input : group) lengths.push_back(length_of(input));
  const auto [shortest, longest] = std::minmax_element(lengths.begin(), lengths.end());
  for (size_t i = 0; i < group.size(); ++i) {
    CheckResult& result = results[i] = judgement(std::move(results[i]));
    if (!rl::has_score(result.verdict)) continue;
    result.score = score(lengths[i], result.verdict == Verdict::kCorrect, *shortest, *longest);
    result.verdict = Verdict::kScored;
    result.reason = str(lengths[i], " tokens");
  }
  return results;
}

}  // namespace hone::rewards
