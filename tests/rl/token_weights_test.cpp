#include "rl/token_weights.h"

#include <gmock/gmock.h>

namespace hone::rl {
namespace {

using ::testing::ElementsAre;

// Group 7: samples of 2 and 6 tokens; group 8: samples of 4 and 8.
const std::vector<SampleTokens> kSamples = {{7, 2}, {7, 6}, {8, 4}, {8, 8}};

std::vector<float> weights(const std::vector<SampleTokens>& samples, Aggregation aggregation) {
  return token_weights(samples, aggregation, 10);
}

TEST(TokenWeights, TokenMeanCountsEveryTokenOfTheStepEqually) {
  EXPECT_THAT(weights(kSamples, Aggregation::kTokenMean), ElementsAre(1 / 20.f, 1 / 20.f, 1 / 20.f, 1 / 20.f));
}

TEST(TokenWeights, SeqMeanTokenMeanCountsEveryAnswerEqually) {
  EXPECT_THAT(weights(kSamples, Aggregation::kSeqMeanTokenMean), ElementsAre(1 / 8.f, 1 / 24.f, 1 / 16.f, 1 / 32.f));
}

TEST(TokenWeights, SeqMeanTokenSumNormDividesByTheLongestAllowed) {
  EXPECT_THAT(weights(kSamples, Aggregation::kSeqMeanTokenSumNorm),
              ElementsAre(1 / 40.f, 1 / 40.f, 1 / 40.f, 1 / 40.f));
}

TEST(TokenWeights, PromptMeanCountsEveryGroupEqually) {
  EXPECT_THAT(weights(kSamples, Aggregation::kPromptMean), ElementsAre(1 / 16.f, 1 / 16.f, 1 / 24.f, 1 / 24.f));
}

TEST(TokenWeights, MaskedAndEmptySamplesGetNothingAndAreNotCounted) {
  const std::vector<SampleTokens> samples = {{7, 2}, {7, 6, true}, {8, 4, true}, {9, 0}, {10, 8}};
  EXPECT_THAT(weights(samples, Aggregation::kTokenMean), ElementsAre(1 / 10.f, 0, 0, 0, 1 / 10.f));
  EXPECT_THAT(weights(samples, Aggregation::kSeqMeanTokenMean), ElementsAre(1 / 4.f, 0, 0, 0, 1 / 16.f));
  EXPECT_THAT(weights(samples, Aggregation::kSeqMeanTokenSumNorm), ElementsAre(1 / 20.f, 0, 0, 0, 1 / 20.f));
  EXPECT_THAT(weights(samples, Aggregation::kPromptMean), ElementsAre(1 / 4.f, 0, 0, 0, 1 / 16.f));
}

TEST(TokenWeights, NothingTrainedIsNotDividedBy) {
  EXPECT_THAT(weights({{7, 3, true}}, Aggregation::kTokenMean), ElementsAre(0));
}

}  // namespace
}  // namespace hone::rl
