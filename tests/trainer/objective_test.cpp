// The tensor code of the objective against the oracle on plain doubles.
#include "trainer/objective.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.h"
#include "rl/objective.h"

namespace hone::trainer {
namespace {

struct Tokens {
  std::vector<float> logprob, entropy, behaviour, reference, advantage, weight;

  size_t size() const { return logprob.size(); }
  void add(float log_probability, float log_ratio, float reference_difference, float token_advantage) {
    logprob.push_back(log_probability);
    behaviour.push_back(log_probability - log_ratio);
    reference.push_back(log_probability + reference_difference);
    advantage.push_back(token_advantage);
    entropy.push_back(1.5f);
    weight.push_back(1);
  }
  rl::TokenInput at(size_t i) const { return {logprob[i], behaviour[i], reference[i], entropy[i], advantage[i]}; }
};

// Ratios from e^-1 to e, so that both sides clip; advantages of both signs and some of zero.
Tokens random_tokens(uint64_t seed, size_t count) {
  PhiloxStream random(seed, 0);
  const auto between = [&](double low, double high) {
    return static_cast<float>(low + (high - low) * random.uniform());
  };
  Tokens tokens;
  for (size_t i = 0; i < count; ++i) {
    tokens.add(between(-8, 0), between(-1, 1), between(-2, 2), i % 7 == 0 ? 0 : between(-2, 2));
    tokens.entropy.back() = between(0, 3);
    tokens.weight.back() = between(0, 0.01);
  }
  return tokens;
}

struct Evaluated {
  ObjectiveOutput out;
  std::vector<float> dlogprob, dentropy;
};

Result<Evaluated> evaluate(const rl::ObjectiveConfig& config, const Tokens& t) {
  // Filled with nonsense: everything must be written.
  Evaluated e{{}, std::vector<float>(t.size(), 99), std::vector<float>(t.size(), 99)};
  std::span<const float> reference;
  if (config.kl_coef != 0) reference = t.reference;
  HONE_TRY_ASSIGN(e.out, grpo_objective(config, {t.logprob, t.entropy, t.behaviour, reference, t.advantage, t.weight},
                                        e.dlogprob, e.dentropy));
  return e;
}

class Objective : public ::testing::TestWithParam<rl::ObjectiveConfig> {};

TEST_P(Objective, EqualsTheOracle) {
  const rl::ObjectiveConfig config = GetParam();
  for (uint64_t seed : {1, 2, 3}) {
    const Tokens tokens = random_tokens(seed, 500);
    const Result<Evaluated> found = evaluate(config, tokens);
    ASSERT_TRUE(found.ok()) << found.error().to_string();
    double loss = 0, k3 = 0, low = 0, high = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const rl::TokenLoss token = rl::token_loss(config, tokens.at(i));
      const double weight = tokens.weight[i];
      loss += weight * token.value;
      k3 += token.k3;
      low += token.clipped_low;
      high += token.clipped_high;
      const double scale = weight * (1 + std::fabs(token.d_logprob));
      EXPECT_NEAR(found->dlogprob[i], weight * token.d_logprob, 1e-5 * scale) << "token " << i;
      EXPECT_NEAR(found->dentropy[i], weight * token.d_entropy, 1e-6 * weight) << "token " << i;
    }
    EXPECT_NEAR(found->out.loss, loss, 1e-4 * (1 + std::fabs(loss)));
    EXPECT_NEAR(found->out.k3, k3, 1e-4 * (1 + k3));
    EXPECT_EQ(found->out.clipped_low, low);
    EXPECT_EQ(found->out.clipped_high, high);
    EXPECT_GT(low, 0);
    EXPECT_GT(high, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Terms, Objective,
                         ::testing::Values(rl::ObjectiveConfig{0.2, 0.28, 0, 0},
                                           rl::ObjectiveConfig{0.2, 0.28, 0.05, 0},
                                           rl::ObjectiveConfig{0.2, 0.28, 0, 0.01},
                                           rl::ObjectiveConfig{0.1, 0.4, 0.3, 0.02}));

TEST(ObjectiveGuard, ALossThatIsNotFiniteIsAnError) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [log_ratio, reference, advantage] :
       {std::array{kNan, 0.0f, 1.0f}, {0.0f, kNan, 1.0f}, {0.0f, 0.0f, kNan}, {200.0f, 0.0f, -1.0f},
        {0.0f, 200.0f, 1.0f}}) {
    Tokens tokens = random_tokens(1, 4);
    tokens.add(-1, log_ratio, reference, advantage);
    const Result<Evaluated> found = evaluate({0.2, 0.28, 0.1, 0}, tokens);
    ASSERT_FALSE(found.ok()) << log_ratio << " " << reference << " " << advantage;
    EXPECT_EQ(found.error().code, ErrorCode::kGuard);
  }
}

// Gradient by the logits of E[kl term] over four tokens, the sampler being the policy itself: every token once,
// weighted by its probability; d logprob(t) / d logit(j) = (t == j) - p(j).
TEST(ObjectiveKl, GradientIsThatOfTheReverseDivergence) {
  const std::array<double, 4> policy{0.4, 0.3, 0.2, 0.1}, reference{0.1, 0.2, 0.3, 0.4};
  const std::array<double, 4> published{0.3719, -0.0153, -0.1724, -0.1843};
  Tokens tokens;
  for (size_t t = 0; t < 4; ++t) {
    tokens.add(static_cast<float>(std::log(policy[t])), 0, static_cast<float>(std::log(reference[t] / policy[t])), 0);
    tokens.weight.back() = static_cast<float>(policy[t]);
  }
  const Result<Evaluated> found = evaluate({0.2, 0.28, 1, 0}, tokens);
  ASSERT_TRUE(found.ok()) << found.error().to_string();
  for (size_t j = 0; j < 4; ++j) {
    double gradient = 0;
    for (size_t t = 0; t < 4; ++t) gradient += found->dlogprob[t] * ((t == j) - policy[j]);
    EXPECT_NEAR(gradient, published[j], 1e-4) << "logit " << j;
  }
  EXPECT_NEAR(found->out.loss, 0.4564, 1e-4);
}

}  // namespace
}  // namespace hone::trainer
