// Draws from a vocabulary of several pieces: the same as token_logprob's numbers, for every batch and team, and the
// token that the definition in kernels/draw.h names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"

namespace hone::kernels {
namespace {

constexpr int64_t kVocabulary = 40003, kCols = 40, kRows = 70;

std::vector<const Backend*> backends() {
  std::vector<const Backend*> out;
  for (const char* isa : {"amx", "avx512_bf16", "avx512", "avx2"})
    for (DType compact : {DType::kF32, DType::kBf16}) {
      setenv("HONE_ISA", isa, 1);
      const Backend* b = &cpu_backend(compact);
      if (std::find(out.begin(), out.end(), b) == out.end()) out.push_back(b);
    }
  unsetenv("HONE_ISA");
  return out;
}

class DrawTest : public testing::TestWithParam<const Backend*> {
 protected:
  DrawTest() {
    PhiloxStream random(3, 0);
    for (int64_t i = 0; i < kRows * kCols; ++i) hidden_.push_back(static_cast<float>(random.uniform() - 0.5));
    std::vector<float> head;
    for (int64_t i = 0; i < kVocabulary * kCols; ++i) head.push_back(static_cast<float>(random.uniform() * 3 - 1.5));
    panels_.resize(static_cast<size_t>(panel_elements(kCols, kVocabulary, b_.panel_cols, b_.panel_depth)) *
                   size_of(b_.compact));
    b_.pack_panels({head.data(), kVocabulary, kCols, 1, kVocabulary * kCols, panels_.data(), true}, stream_);
    for (uint32_t i = 0; i < kRows; ++i) {
      DrawItem item{static_cast<int32_t>(i * 3 % kRows), 77, i, i % 5, 2, 0.5f + static_cast<float>(i % 4) * 0.25f};
      if (i % 7 == 1) item.top_k = 20;
      if (i % 7 == 2) item.top_p = 0.8f;
      if (i % 7 == 3) item.top_p = 0.4f, item.top_k = 100000;
      if (i % 7 == 4) item.temperature = 0;
      items_.push_back(item);
    }
  }

  std::vector<DrawResult> draw(int64_t first, int64_t count, int threads) {
    ThreadTeam team(threads);
    std::vector<DrawResult> out(static_cast<size_t>(count));
    b_.draw({hidden_.data(), kCols, panels_.data(), kVocabulary, &items_[first], out.data(), count}, {&team});
    return out;
  }

  const Backend& b_ = *GetParam();
  ThreadTeam team_{2};
  const Stream stream_{&team_};
  std::vector<float> hidden_;
  std::vector<char> panels_;
  std::vector<DrawItem> items_;
};

TEST_P(DrawTest, SamplerAndTrainerGetTheSameBits) {
  const auto drawn = draw(0, kRows, 2);
  for (int64_t i = 0; i < kRows; ++i) {
    const float t = items_[i].temperature;
    const double inverse = t > 0 ? 1 / t : 1;
    float logprob = 0, entropy = 0, normalizer = 0;
    b_.token_logprob({hidden_.data(), kCols, panels_.data(), kVocabulary, &items_[i].row, &drawn[i].token, 1, inverse,
                      &logprob, &entropy, &normalizer},
                     stream_);
    EXPECT_EQ(drawn[i].logprob, logprob) << i;
    EXPECT_EQ(drawn[i].entropy, entropy) << i;
  }
}

TEST_P(DrawTest, NothingDependsOnTheBatchOrThreads) {
  const auto all = draw(0, kRows, 1);
  for (int64_t count : {1, 3, 33})
    for (int64_t first = 0; first + count <= kRows; first += 11) {
      const auto some = draw(first, count, static_cast<int>(1 + first % 3));
      for (int64_t i = 0; i < count; ++i) {
        ASSERT_EQ(some[i].token, all[first + i].token);
        ASSERT_EQ(some[i].logprob, all[first + i].logprob);
        ASSERT_EQ(some[i].entropy, all[first + i].entropy);
      }
    }
}

TEST_P(DrawTest, TokenIsTheOneOfTheDefinition) {
  const auto drawn = draw(0, kRows, 2);
  for (int32_t i = 0; i < 21; ++i) {
    const DrawItem& item = items_[i];
    std::vector<float> logits(kVocabulary);
    b_.gemm({&hidden_[item.row * kCols], kCols, panels_.data(), logits.data(), kVocabulary, 1, kVocabulary, kCols},
            stream_);
    const double t = item.temperature > 0 ? item.temperature : 1;
    double sum = 0;
    for (float z : logits) sum += std::exp(z / t);
    std::vector<float> sorted = logits;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    float lowest = sorted.back();
    double mass = 0;
    for (int64_t j = 0; j < kVocabulary && item.temperature > 0 && (item.top_k > 0 || item.top_p < 1); ++j) {
      mass += std::exp(sorted[j] / t) / sum;
      if ((item.top_k > 0 && j + 1 >= item.top_k) || (item.top_p < 1 && mass >= item.top_p)) {
        lowest = sorted[j];
        break;
      }
    }
    int32_t best = -1;
    double value = 0;
    for (int32_t v = 0; v < kVocabulary; ++v) {
      if (logits[v] < lowest) continue;
      const auto words = philox4x32(item.key, {static_cast<uint32_t>(v / 4), item.position, item.sample, item.serial});
      const double u = (words[v % 4] + 0.5) * 0x1p-32;
      const double noise = item.temperature > 0 ? -std::log(-std::log1p(-u)) : 0;
      if (best < 0 || logits[v] / t + noise > value) best = v, value = logits[v] / t + noise;
    }
    EXPECT_EQ(drawn[i].token, best) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, DrawTest, testing::ValuesIn(backends()), [](const auto& info) {
  std::string name = info.param->name;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

}  // namespace
}  // namespace hone::kernels
