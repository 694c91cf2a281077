#include "rl/token_weights.h"

#include <map>

#include "base/check.h"

namespace hone::rl {
namespace {

struct Counts {
  int64_t samples = 0, tokens = 0;
  std::map<uint64_t, int64_t> tokens_of_group;
};

bool is_trained(const SampleTokens& sample) { return !sample.masked && sample.count > 0; }

Counts count_trained(std::span<const SampleTokens> samples) {
  Counts counts;
  for (const SampleTokens& sample : samples) {
    if (!is_trained(sample)) continue;
    counts.samples += 1;
    counts.tokens += sample.count;
    counts.tokens_of_group[sample.serial] += sample.count;
  }
  return counts;
}

// What one token of the sample counts is 1 / this.
double denominator(const Counts& counts, const SampleTokens& sample, Aggregation aggregation, int64_t max_new_tokens) {
  const double samples = static_cast<double>(counts.samples);
  switch (aggregation) {
    case Aggregation::kTokenMean: return static_cast<double>(counts.tokens);
    case Aggregation::kSeqMeanTokenMean: return samples * static_cast<double>(sample.count);
    case Aggregation::kSeqMeanTokenSumNorm: return samples * static_cast<double>(max_new_tokens);
    case Aggregation::kPromptMean:
      return static_cast<double>(counts.tokens_of_group.size()) *
             static_cast<double>(counts.tokens_of_group.at(sample.serial));
  }
  HONE_CHECK(false, "unknown aggregation ", static_cast<int>(aggregation));
}

}  // namespace

std::vector<float> token_weights(std::span<const SampleTokens> samples, Aggregation aggregation,
                                 int64_t max_new_tokens) {
  HONE_CHECK_LT(0, max_new_tokens);
  const Counts counts = count_trained(samples);
  std::vector<float> weights;
  for (const SampleTokens& sample : samples) {
    weights.push_back(is_trained(sample)
                          ? static_cast<float>(1 / denominator(counts, sample, aggregation, max_new_tokens))
                          : 0.0f);
  }
  return weights;
}

}  // namespace hone::rl
