// The backward of the output head where rows and vocabulary are too many for one piece, against double loops.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"

namespace hone::kernels {
namespace {

constexpr int64_t kRows = 300, kCount = 1100, kCols = 6, kVocabulary = 15000;
constexpr double kInverse = 0.75;

struct Case {
  DType compact;
  double tolerance;  // of the sum of the sizes of the terms
};

class HeadBackward : public testing::TestWithParam<Case> {
 protected:
  HeadBackward() : b_(cpu_backend(GetParam().compact)) {
    PhiloxStream random(5, 0);
    // Multiples of 1/64 below 1: exact in bf16.
    const auto fill = [&](std::vector<float>& v, int64_t n) {
      v.resize(static_cast<size_t>(n));
      for (float& x : v) x = static_cast<float>(static_cast<int>(random.below(127)) - 63) / 64;
    };
    fill(hidden_, kRows * kCols);
    fill(head_, kVocabulary * kCols);
    fill(dlogprob_, kCount);
    fill(dentropy_, kCount);
    for (int64_t i = 0; i < kCount; ++i) {
      row_.push_back(static_cast<int32_t>(i * 7 % kRows));
      target_.push_back(static_cast<int32_t>(i * 101 % kVocabulary));
    }
  }

  std::vector<char> pack(bool transpose) {
    const int64_t k = transpose ? kCols : kVocabulary, n = transpose ? kVocabulary : kCols;
    std::vector<char> panels(static_cast<size_t>(panel_elements(k, n, b_.panel_cols, b_.panel_depth)) *
                             size_of(b_.compact));
    b_.pack_panels({head_.data(), kVocabulary, kCols, 1, kVocabulary * kCols, panels.data(), transpose}, stream_);
    return panels;
  }

  void run() {
    const std::vector<char> panels = pack(true), panels_grad = pack(false);
    std::vector<float> logprob(kCount), entropy(kCount), log_normalizer(kCount);
    const TokenLogprobArgs forward{hidden_.data(),  kCols,  panels.data(), kVocabulary,    row_.data(),
                                   target_.data(),  kCount, kInverse,      logprob.data(), entropy.data(),
                                   log_normalizer.data()};
    b_.token_logprob(forward, stream_);
    dhidden_.assign(kRows * kCols, 1.0f);
    dhead_.assign(kVocabulary * kCols, 0.125f);
    b_.token_logprob_backward({forward, panels_grad.data(), dlogprob_.data(), dentropy_.data(), dhidden_.data(),
                               dhead_.data()},
                              stream_);
  }

  const Backend& b_;
  ThreadTeam team_{2};
  const Stream stream_{&team_};
  std::vector<float> hidden_, head_, dlogprob_, dentropy_, dhidden_, dhead_;
  std::vector<int32_t> row_, target_;
};

TEST_P(HeadBackward, PiecesOfTheVocabularyAddUp) {
  run();
  std::vector<double> dhidden(kRows * kCols, 1.0), dhead(kVocabulary * kCols, 0.125);
  std::vector<double> hidden_size(kRows * kCols, 1e-9), head_size(kVocabulary * kCols, 1e-9);
  std::vector<double> z(kVocabulary);
  for (int64_t i = 0; i < kCount; ++i) {
    const float* x = &hidden_[row_[i] * kCols];
    double sum = 0, entropy = 0;
    for (int64_t v = 0; v < kVocabulary; ++v) {
      z[v] = 0;
      for (int64_t c = 0; c < kCols; ++c) z[v] += kInverse * x[c] * head_[v * kCols + c];
      sum += std::exp(z[v]);
    }
    for (int64_t v = 0; v < kVocabulary; ++v) entropy -= std::exp(z[v]) / sum * (z[v] - std::log(sum));
    for (int64_t v = 0; v < kVocabulary; ++v) {
      const double log_p = z[v] - std::log(sum), p = std::exp(log_p);
      const double d =
          kInverse * ((v == target_[i] ? dlogprob_[i] : 0) - p * (dlogprob_[i] + dentropy_[i] * (log_p + entropy)));
      for (int64_t c = 0; c < kCols; ++c) {
        dhidden[row_[i] * kCols + c] += d * head_[v * kCols + c];
        hidden_size[row_[i] * kCols + c] += std::fabs(d * head_[v * kCols + c]);
        dhead[v * kCols + c] += d * x[c];
        head_size[v * kCols + c] += std::fabs(d * x[c]);
      }
    }
  }
  for (size_t i = 0; i < dhidden.size(); ++i)
    ASSERT_NEAR(dhidden_[i], dhidden[i], GetParam().tolerance * hidden_size[i] + 2e-6) << i;
  for (size_t i = 0; i < dhead.size(); ++i)
    ASSERT_NEAR(dhead_[i], dhead[i], GetParam().tolerance * head_size[i] + 2e-6) << i;
}

INSTANTIATE_TEST_SUITE_P(Types, HeadBackward, testing::Values(Case{DType::kF32, 2e-5}, Case{DType::kBf16, 4e-3}),
                         [](const auto& info) { return info.param.compact == DType::kF32 ? "f32" : "bf16"; });

}  // namespace
}  // namespace hone::kernels
