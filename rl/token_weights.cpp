#include "rl/token_weights.h"

#include <map>

#include "base/check.h"

namespace hone::rl {
namespace {

struct Counts {
  int64_t answers = 0, tokens = 0;
  std::map<uint64_t, int64_t> tokens_of_group;
};

bool is_trained(const AnswerTokens& answer) { return !answer.masked && answer.count > 0; }

Counts count_trained(std::span<const AnswerTokens> answers) {
  Counts counts;
  for (const AnswerTokens& answer : answers) {
    if (!is_trained(answer)) continue;
    counts.answers += 1;
    counts.tokens += answer.count;
    counts.tokens_of_group[answer.serial] += answer.count;
  }
  return counts;
}

// What one token of the answer counts is 1 / this.
double denominator(const Counts& counts, const AnswerTokens& answer, Aggregation aggregation, int64_t max_new_tokens) {
  const double answers = static_cast<double>(counts.answers);
  switch (aggregation) {
    case Aggregation::kTokenMean: return static_cast<double>(counts.tokens);
    case Aggregation::kSeqMeanTokenMean: return answers * static_cast<double>(answer.count);
    case Aggregation::kSeqMeanTokenSumNorm: return answers * static_cast<double>(max_new_tokens);
    case Aggregation::kPromptMean:
      return static_cast<double>(counts.tokens_of_group.size()) *
             static_cast<double>(counts.tokens_of_group.at(answer.serial));
  }
  HONE_CHECK(false, "unknown aggregation ", static_cast<int>(aggregation));
}

}  // namespace

std::vector<float> token_weights(std::span<const AnswerTokens> answers, Aggregation aggregation,
                                 int64_t max_new_tokens) {
  HONE_CHECK_LT(0, max_new_tokens);
  const Counts counts = count_trained(answers);
  std::vector<float> weights;
  for (const AnswerTokens& answer : answers) {
    weights.push_back(is_trained(answer)
                          ? static_cast<float>(1 / denominator(counts, answer, aggregation, max_new_tokens))
                          : 0.0f);
  }
  return weights;
}

}  // namespace hone::rl
