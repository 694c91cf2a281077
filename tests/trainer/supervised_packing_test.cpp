// Rows that share a micro-batch do not see each other.
#include <gtest/gtest.h>

#include <cmath>

#include "rl/pack.h"
#include "tests/support/tiny_weights.h"
#include "trainer/optimizer.h"

namespace hone::trainer {
namespace {

std::vector<rl::SupervisedRow> random_rows(int count, uint32_t vocabulary) {
  PhiloxStream random(3, 3);
  const auto some = [&](uint32_t least, uint32_t most) {
    std::vector<rl::Token> tokens(least + random.below(most - least + 1));
    for (rl::Token& token : tokens) token = static_cast<rl::Token>(random.below(vocabulary));
    return tokens;
  };
  std::vector<rl::SupervisedRow> rows(static_cast<size_t>(count));
  for (rl::SupervisedRow& row : rows) row = {some(1, 12), some(1, 40)};
  return rows;
}

class SupervisedPackingTest : public ::testing::Test {
 protected:
  // Log-probabilities of all trained tokens, row by row, and the gradient of the loss.
  struct Outcome {
    std::vector<std::vector<float>> logprobs;
    std::vector<float> gradient;
  };
  Outcome train(int64_t token_budget) {
    policy::PackedNetwork network(*weights_, stream_, 0);
    const Optimizer optimizer(*weights_);
    Outcome out;
    out.logprobs.resize(rows_.size());
    batches_ = 0;
    for (const rl::TokenBatch& batch : rl::pack_supervised(rows_, token_budget)) {
      ++batches_;
      std::vector<policy::PackedSegment> segments;
      for (const rl::Segment& s : batch.segments) segments.push_back({s.start, s.length, s.position, s.parent});
      const size_t n = batch.row.size();
      std::vector<float> logprob(n), entropy(n), dlogprob(n);
      for (size_t i = 0; i < n; ++i) dlogprob[i] = -batch.weight[i];
      const policy::TargetRows targets{batch.row, batch.target, 1};
      network.forward(batch.tokens, segments);
      network.token_logprobs(targets, logprob.data(), entropy.data());
      network.backward(targets, dlogprob.data(), nullptr, optimizer.gradient());
      for (size_t i = 0; i < n; ++i) out.logprobs[static_cast<size_t>(batch.sequence[i])].push_back(logprob[i]);
    }
    const auto* begin = static_cast<const float*>(optimizer.gradient().at(0));
    out.gradient.assign(begin, begin + weights_->size());
    return out;
  }

  ThreadTeam team_{2};
  kernels::Stream stream_{&team_};
  std::unique_ptr<policy::Weights> weights_ =
      test::make_weights(test::tiny_moe(), stream_, kernels::cpu_backend(kernels::DType::kF32));
  std::vector<rl::SupervisedRow> rows_ = random_rows(24, 37);
  int batches_ = 0;
};

TEST_F(SupervisedPackingTest, APackedRowIsTheRowAlone) {
  const Outcome alone = train(1);
  EXPECT_EQ(batches_, 24);
  for (const int64_t budget : {64, 200, 10000}) {
    const Outcome packed = train(budget);
    EXPECT_LT(batches_, 24);
    EXPECT_EQ(packed.logprobs, alone.logprobs) << budget;
    double difference = 0, size = 0;
    for (size_t i = 0; i < alone.gradient.size(); ++i) {
      difference = std::max<double>(difference, std::fabs(packed.gradient[i] - alone.gradient[i]));
      size = std::max<double>(size, std::fabs(alone.gradient[i]));
    }
    EXPECT_LT(difference, 1e-6 * size) << budget;
  }
}

}  // namespace
}  // namespace hone::trainer
