#include "rl/objective.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "base/philox.h"

namespace hone::rl {
namespace {

const ObjectiveConfig kFull = {.clip_low = .2, .clip_high = .28, .kl_coef = .1, .entropy_coef = .01};

TokenInput random_token(PhiloxStream& random) {
  const auto logprob = [&] { return -3 * random.uniform(); };
  return {logprob(), logprob(), logprob(), random.uniform(), 4 * random.uniform() - 2};
}

// Central difference of the value by one field.
double slope(const ObjectiveConfig& config, TokenInput token, double TokenInput::*field) {
  const double h = 1e-6, x = token.*field;
  token.*field = x + h;
  const double above = token_loss(config, token).value;
  token.*field = x - h;
  return (above - token_loss(config, token).value) / (2 * h);
}

TEST(Objective, DerivativesAreThoseOfTheValue) {
  PhiloxStream random(1, 0);
  for (int i = 0; i < 2000; ++i) {
    const TokenInput token = random_token(random);
    const double ratio = std::exp(token.logprob - token.behaviour_logprob);
    if (std::abs(ratio - .8) < 1e-4 || std::abs(ratio - 1.28) < 1e-4) continue;  // no derivative at the kinks
    const TokenLoss loss = token_loss(kFull, token);
    EXPECT_NEAR(loss.d_logprob, slope(kFull, token, &TokenInput::logprob), 1e-7 * (1 + std::abs(loss.d_logprob)));
    EXPECT_NEAR(loss.d_entropy, slope(kFull, token, &TokenInput::entropy), 1e-8);
  }
}

TEST(Objective, SurrogateIsTheLesserOfRatioAndClippedRatio) {
  const ObjectiveConfig config = {.clip_low = .2, .clip_high = .28};
  PhiloxStream random(2, 0);
  for (int i = 0; i < 2000; ++i) {
    const TokenInput token = random_token(random);
    const double ratio = std::exp(token.logprob - token.behaviour_logprob);
    const double clipped = std::min(std::max(ratio, .8), 1.28);
    EXPECT_EQ(token_loss(config, token).value, -std::min(ratio * token.advantage, clipped * token.advantage));
  }
}

TEST(Objective, OnPolicyGradientIsMinusTheAdvantage) {
  const TokenLoss loss = token_loss({}, {.logprob = -1.25, .behaviour_logprob = -1.25, .advantage = .7});
  EXPECT_EQ(loss.d_logprob, -.7);
  EXPECT_FALSE(loss.clipped_low || loss.clipped_high);
}

TEST(Objective, ClipsOnlyWhereTheRatioHasGoneTheAdvantagesWay) {
  const double up = std::log(1.5), down = std::log(.5);
  const auto loss = [](double log_ratio, double advantage) {
    return token_loss({}, {.logprob = log_ratio, .advantage = advantage});
  };
  EXPECT_TRUE(loss(up, 1).clipped_high);
  EXPECT_EQ(loss(up, 1).d_logprob, 0);
  EXPECT_TRUE(loss(down, -1).clipped_low);
  EXPECT_EQ(loss(down, -1).d_logprob, 0);
  EXPECT_FALSE(loss(up, -1).clipped_high);
  EXPECT_NEAR(loss(up, -1).d_logprob, 1.5, 1e-15);
  EXPECT_FALSE(loss(down, 1).clipped_low);
  EXPECT_NEAR(loss(down, 1).d_logprob, -.5, 1e-15);
  EXPECT_FALSE(loss(up, 0).clipped_high || loss(down, 0).clipped_low);
}

TEST(Objective, NothingIsClamped) {
  EXPECT_TRUE(std::isinf(token_loss({}, {.logprob = 1000, .advantage = -1}).value));
  const ObjectiveConfig config = {.kl_coef = 1};
  EXPECT_NEAR(token_loss(config, {.logprob = -30}).k3, std::exp(30.0) - 31, 1);
}

// The policy .4 .3 .2 .1 on four tokens, its reference .1 .2 .3 .4, parameters the logits.
struct FourTokens {
  std::array<double, 4> policy = {.4, .3, .2, .1}, reference = {.1, .2, .3, .4};

  // E over the behaviour policy of (d loss / d logits), where d_logprob(token) is the loss's derivative by its logprob.
  template <class Derivative>
  std::array<double, 4> expected_gradient(const std::array<double, 4>& behaviour, Derivative d_logprob) const {
    std::array<double, 4> gradient{};
    for (size_t x = 0; x < 4; ++x) {
      for (size_t j = 0; j < 4; ++j) gradient[j] += behaviour[x] * d_logprob(x) * ((x == j) - policy[j]);
    }
    return gradient;
  }

  TokenLoss kl_term(size_t x, const std::array<double, 4>& behaviour) const {
    const ObjectiveConfig config = {.kl_coef = 1};
    return token_loss(config, {std::log(policy[x]), std::log(behaviour[x]), std::log(reference[x]), 0, 0});
  }
};

void expect_near(const std::array<double, 4>& got, const std::array<double, 4>& want, double tolerance) {
  for (size_t j = 0; j < 4; ++j) EXPECT_NEAR(got[j], want[j], tolerance) << j;
}

TEST(ObjectiveKl, ExpectedGradientIsThatOfReverseKl) {
  const FourTokens four;
  expect_near(four.expected_gradient(four.policy, [&](size_t x) { return four.kl_term(x, four.policy).d_logprob; }),
              {.3719, -.0153, -.1724, -.1843}, 5e-5);
}

TEST(ObjectiveKl, ExpectedGradientDoesNotDependOnTheBehaviourPolicy) {
  const FourTokens four;
  const std::array<double, 4> behaviour = {.1, .5, .15, .25};
  expect_near(four.expected_gradient(behaviour, [&](size_t x) { return four.kl_term(x, behaviour).d_logprob; }),
              {.3719, -.0153, -.1724, -.1843}, 5e-5);
}

TEST(ObjectiveKl, WithoutTheRatioTheGradientWouldBePolicyMinusReference) {
  const FourTokens four;
  const auto d_k3 = [&](size_t x) { return 1 - four.reference[x] / four.policy[x]; };
  expect_near(four.expected_gradient(four.policy, d_k3), {.3, .1, -.1, -.3}, 1e-12);
}

TEST(ObjectiveKl, MeanOfK3IsTheDivergence) {
  const FourTokens four;
  double mean = 0;
  for (size_t x = 0; x < 4; ++x) mean += four.policy[x] * four.kl_term(x, four.policy).k3;
  EXPECT_NEAR(mean, .4564, 5e-5);
}

}  // namespace
}  // namespace hone::rl
