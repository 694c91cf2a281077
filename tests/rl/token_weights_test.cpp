#include "rl/token_weights.h"

#include <gmock/gmock.h>

namespace hone::rl {
namespace {

using ::testing::ElementsAre;

// Group 7: answers of 2 and 6 tokens; group 8: answers of 4 and 8.
const std::vector<AnswerTokens> kAnswers = {{7, 2}, {7, 6}, {8, 4}, {8, 8}};

std::vector<float> weights(const std::vector<AnswerTokens>& answers, Aggregation aggregation) {
  return token_weights(answers, aggregation, 10);
}

TEST(TokenWeights, TokenMeanCountsEveryTokenOfTheStepEqually) {
  EXPECT_THAT(weights(kAnswers, Aggregation::kTokenMean), ElementsAre(1 / 20.f, 1 / 20.f, 1 / 20.f, 1 / 20.f));
}

TEST(TokenWeights, SeqMeanTokenMeanCountsEveryAnswerEqually) {
  EXPECT_THAT(weights(kAnswers, Aggregation::kSeqMeanTokenMean), ElementsAre(1 / 8.f, 1 / 24.f, 1 / 16.f, 1 / 32.f));
}

TEST(TokenWeights, SeqMeanTokenSumNormDividesByTheLongestAllowed) {
  EXPECT_THAT(weights(kAnswers, Aggregation::kSeqMeanTokenSumNorm), ElementsAre(1 / 40.f, 1 / 40.f, 1 / 40.f, 1 / 40.f));
}

TEST(TokenWeights, PromptMeanCountsEveryGroupEqually) {
  EXPECT_THAT(weights(kAnswers, Aggregation::kPromptMean), ElementsAre(1 / 16.f, 1 / 16.f, 1 / 24.f, 1 / 24.f));
}

TEST(TokenWeights, MaskedAndEmptyAnswersGetNothingAndAreNotCounted) {
  const std::vector<AnswerTokens> answers = {{7, 2}, {7, 6, true}, {8, 4, true}, {9, 0}, {10, 8}};
  EXPECT_THAT(weights(answers, Aggregation::kTokenMean), ElementsAre(1 / 10.f, 0, 0, 0, 1 / 10.f));
  EXPECT_THAT(weights(answers, Aggregation::kSeqMeanTokenMean), ElementsAre(1 / 4.f, 0, 0, 0, 1 / 16.f));
  EXPECT_THAT(weights(answers, Aggregation::kSeqMeanTokenSumNorm), ElementsAre(1 / 20.f, 0, 0, 0, 1 / 20.f));
  EXPECT_THAT(weights(answers, Aggregation::kPromptMean), ElementsAre(1 / 4.f, 0, 0, 0, 1 / 16.f));
}

TEST(TokenWeights, NothingTrainedIsNotDividedBy) {
  EXPECT_THAT(weights({{7, 3, true}}, Aggregation::kTokenMean), ElementsAre(0));
}

}  // namespace
}  // namespace hone::rl
