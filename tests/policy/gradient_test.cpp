// The whole network's backward against central differences in f64, for every kind of layer, shared prompts included.
#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.h"
#include "policy/packed_network.h"
#include "tests/support/tiny_models.h"
#include "tests/support/vary_vectors.h"

namespace hone::policy {
namespace {

constexpr double kStep = 1e-5, kTolerance = 1e-6;

// A batch of a prompt of 19 tokens (its tail crosses a block) shared by two answers, and one sequence of its own.
struct Problem {
  std::vector<int32_t> tokens, row, target;
  std::vector<PackedSegment> segments{{0, 19, 0, -1}, {19, 7, 19, 0}, {26, 18, 19, 0}, {44, 9, 0, -1}};
  std::vector<double> dlogprob, dentropy;

  explicit Problem(const ModelConfig& c) {
    PhiloxStream random(7, 7);
    for (int i = 0; i < 53; ++i)
      tokens.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(c.vocab_size))));
    for (int r : {18, 18, 20, 25, 30, 43, 44, 50, 52, 3}) {
      row.push_back(r);
      target.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(c.vocab_size))));
      dlogprob.push_back(random.uniform() - 0.5);
      dentropy.push_back(random.uniform() - 0.5);
    }
  }

  double loss(PackedNetwork& network) const {
    std::vector<double> logprob(row.size()), entropy(row.size());
    network.forward(tokens, segments);
    network.token_logprobs({row, target, 0.8}, logprob.data(), entropy.data());
    double sum = 0;
    for (size_t i = 0; i < row.size(); ++i) sum += dlogprob[i] * logprob[i] + dentropy[i] * entropy[i];
    return sum;
  }
};

class GradientTest : public testing::TestWithParam<std::tuple<test::NamedModel, size_t>> {};

TEST_P(GradientTest, BackwardEqualsCentralDifferences) {
  const auto& [model, keep_bytes] = GetParam();
  ThreadTeam team(2);
  const kernels::Stream stream{&team};
  Weights weights(model.config, kernels::cpu_backend(kernels::DType::kF64), Use::kTrain);
  weights.initialize(11);
  test::vary_vectors<double>(weights);
  weights.repack(stream);
  PackedNetwork network(weights, stream, keep_bytes);
  const Problem problem(model.config);
  Arena gradient(weights.backend(), weights.size());
  problem.loss(network);
  network.backward({problem.row, problem.target, 0.8}, problem.dlogprob.data(), problem.dentropy.data(), gradient);

  double* w = static_cast<double*>(weights.at(0));
  const double* g = static_cast<const double*>(gradient.at(0));
  PhiloxStream random(3, 3);
  for (const Parameter& p : weights.layout().parameters) {
    if (!p.trained) continue;
    double error = 0, norm = 0;
    for (int probe = 0; probe < 3; ++probe) {
      const int64_t i = p.offset + random.below(static_cast<uint32_t>(p.size()));
      const double old = w[i];
      double difference = 0;
      // Five points: the error of the rule is of order step^4.
      for (const auto& [factor, weight] : {std::pair{-2, 1.0}, {-1, -8.0}, {1, 8.0}, {2, -1.0}}) {
        w[i] = old + factor * kStep * 10;
        weights.repack(stream);
        difference += weight * problem.loss(network);
      }
      w[i] = old;
      difference /= 12 * kStep * 10;
      error += (difference - g[i]) * (difference - g[i]);
      norm += difference * difference + g[i] * g[i];
    }
    EXPECT_LE(std::sqrt(error), kTolerance * std::sqrt(norm) + 1e-10) << p.name;
  }
}

// Per parameter, relative to the norm of the f64 gradient: about 2^-24 times the operations of the longest chain, which
// a softmax and the norms amplify; measured at most 5e-6 on these shapes.
constexpr double kFloatTolerance = 5e-5;

// The gradient of the problem's loss in the backend's dtype, as doubles. Equal weights for both dtypes.
template <class T>
std::vector<double> gradient_of(const ModelConfig& config, kernels::DType dtype) {
  ThreadTeam team(2);
  const kernels::Stream stream{&team};
  Weights weights(config, kernels::cpu_backend(dtype), Use::kTrain);
  weights.initialize(11);
  test::vary_vectors<T>(weights);
  weights.repack(stream);
  PackedNetwork network(weights, stream, size_t{1} << 30);
  const Problem problem(config);
  const std::vector<T> dlogprob(problem.dlogprob.begin(), problem.dlogprob.end());
  const std::vector<T> dentropy(problem.dentropy.begin(), problem.dentropy.end());
  Arena gradient(weights.backend(), weights.size());
  network.forward(problem.tokens, problem.segments);
  std::vector<T> logprob(problem.row.size()), entropy(problem.row.size());
  network.token_logprobs({problem.row, problem.target, 0.8}, logprob.data(), entropy.data());
  network.backward({problem.row, problem.target, 0.8}, dlogprob.data(), dentropy.data(), gradient);
  const T* g = static_cast<const T*>(gradient.at(0));
  return {g, g + weights.size()};
}

TEST_P(GradientTest, FloatIsCloseToDouble) {
  const auto& [model, keep_bytes] = GetParam();
  if (keep_bytes == 0) return;  // recomputing gives equal bits: tests/policy/parity_test.cpp
  const auto exact = gradient_of<double>(model.config, kernels::DType::kF64);
  const auto rounded = gradient_of<float>(model.config, kernels::DType::kF32);
  for (const Parameter& p : make_layout(model.config, kernels::cpu_backend(kernels::DType::kF64)).parameters) {
    double error = 0, norm = 0;
    for (int64_t i = p.offset; i < p.offset + p.size(); ++i) {
      error += (rounded[i] - exact[i]) * (rounded[i] - exact[i]);
      norm += exact[i] * exact[i];
    }
    EXPECT_LE(std::sqrt(error), kFloatTolerance * std::sqrt(norm)) << p.name << ": " << std::sqrt(error / norm);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GradientTest,
                         testing::Combine(testing::ValuesIn(test::tiny_models()),
                                          testing::Values(size_t{1} << 30, size_t{0})),
                         [](const auto& info) {
                           return std::get<0>(info.param).name + (std::get<1>(info.param) ? "_kept" : "_recomputed");
                         });

}  // namespace
}  // namespace hone::policy
