// Draws on the device: the CPU's tokens, token_logprob's numbers, and nothing of the batch.
#include "kernels/cuda/draw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <vector>

#include "kernels/cuda/gemm.h"
#include "kernels/cuda/panels.h"
#include "kernels/cuda/token_logprob.h"
#include "tests/kernels/cuda/twins.h"

namespace hone::kernels::cuda {
namespace {

using Values = std::vector<float>;
using test::chain_backend;
using test::random_values;

struct Case {
  int64_t vocabulary, cols, rows, count;
  bool cut;  // by top-k and top-p
};

std::vector<DrawItem> make_items(const Case& c) {
  std::vector<DrawItem> items;
  for (uint32_t i = 0; i < c.count; ++i) {
    DrawItem item{static_cast<int32_t>(i * 3 % c.rows), 0x123456789ABCDEFull, i, i % 5, 2, 0.5f + 0.25f * (i % 4)};
    if (i % 7 == 4) item.temperature = 0;
    if (c.cut && i % 7 == 1) item.top_k = 20;
    if (c.cut && i % 7 == 2) item.top_p = 0.8f;
    if (c.cut && i % 7 == 3) item.top_p = 0.4f, item.top_k = 1000000;
    if (c.cut && i % 7 == 5) item.top_p = 1e-6f;
    items.push_back(item);
  }
  return items;
}

template <class C>
class CudaDraw : public testing::Test {
 protected:
  static constexpr DType kCompact = std::is_same_v<C, float> ? DType::kF32 : DType::kBf16;
  void TearDown() override { EXPECT_EQ(device_.report(), ""); }

  DrawArgs device_args(const Case& c, const Values& hidden, const Values& head, const std::vector<DrawItem>& items) {
    C* panels = device_.template output<C>(panel_elements(c.cols, c.vocabulary, kPanelCols, kPanelDepth<C>));
    pack_panels<C>({device_.upload(head), c.vocabulary, c.cols, 1, 0, panels}, stream_);
    return {device_.upload(hidden), c.cols,  panels, c.vocabulary, device_.upload(items),
            device_.template output<DrawResult>(c.count), c.count};
  }
  std::vector<DrawResult> on_device(const DrawArgs& a) {
    draw<C>(a, stream_);
    return device_.download(a.results, a.count);
  }
  std::vector<DrawResult> on_cpu(const Case& c, const Values& hidden, const Values& head,
                                 const std::vector<DrawItem>& items) {
    std::vector<C> panels(panel_elements(c.cols, c.vocabulary, cpu_.panel_cols, cpu_.panel_depth));
    cpu_.pack_panels({head.data(), c.vocabulary, c.cols, 1, 0, panels.data()}, stream_);
    std::vector<DrawResult> results(c.count);
    cpu_.draw({hidden.data(), c.cols, panels.data(), c.vocabulary, items.data(), results.data(), c.count}, stream_);
    return results;
  }

  test::Device device_{13};
  ThreadTeam team_{1};
  const Stream stream_{&team_};
  const Backend& cpu_ = chain_backend(kCompact);
};

using Types = testing::Types<float, uint16_t>;
TYPED_TEST_SUITE(CudaDraw, Types);

// The second case is more items than have room for their logits at a time.
const Case kCases[] = {{1, 3, 2, 7, true}, {17, 8, 5, 130, false}, {600, 40, 21, 14, true}, {152064, 4, 2, 2, false}};

TYPED_TEST(CudaDraw, TokensAreTheCpus) {
  for (const Case& c : kCases) {
    const Values hidden = random_values(c.rows * c.cols, 1), head = random_values(c.vocabulary * c.cols, 2);
    const auto items = make_items(c);
    const auto got = this->on_device(this->device_args(c, hidden, head, items));
    const auto want = this->on_cpu(c, hidden, head, items);
    for (int64_t i = 0; i < c.count; ++i) {
      ASSERT_EQ(got[i].token, want[i].token) << "vocabulary of " << c.vocabulary << ", item " << i;
      ASSERT_NEAR(got[i].logprob, want[i].logprob, 1e-5 * std::max(1.0f, std::fabs(want[i].logprob))) << i;
      ASSERT_NEAR(got[i].entropy, want[i].entropy, 1e-5 * std::max(1.0f, std::fabs(want[i].entropy))) << i;
    }
  }
}

TYPED_TEST(CudaDraw, SamplerAndTrainerGetTheSameBits) {
  const Case c{500, 24, 40, 7, true};
  const auto items = make_items(c);
  const DrawArgs a =
      this->device_args(c, random_values(c.rows * c.cols, 1), random_values(c.vocabulary * c.cols, 2), items);
  const auto drawn = this->on_device(a);
  for (int64_t i = 0; i < c.count; ++i) {
    const float t = items[i].temperature;
    float* logprob = this->device_.template output<float>(1);
    float* entropy = this->device_.template output<float>(1);
    token_logprob<TypeParam>({a.hidden, c.cols, a.panels, c.vocabulary, this->device_.upload(std::vector{items[i].row}),
                              this->device_.upload(std::vector{drawn[i].token}), 1, t > 0 ? 1 / t : 1.0, logprob,
                              entropy},
                             this->stream_);
    EXPECT_EQ(Values{drawn[i].logprob}, this->device_.download(logprob, 1)) << i;
    EXPECT_EQ(Values{drawn[i].entropy}, this->device_.download(entropy, 1)) << i;
  }
}

TYPED_TEST(CudaDraw, NothingDependsOnTheBatch) {
  const Case c{300, 12, 40, 24, true};
  const DrawArgs all = this->device_args(c, random_values(c.rows * c.cols, 1),
                                         random_values(c.vocabulary * c.cols, 2), make_items(c));
  const auto want = this->on_device(all);
  for (const auto& [first, count] : {std::pair{0, 1}, {3, 4}, {7, 17}}) {
    DrawArgs some = all;
    some.items += first, some.count = count;
    const auto got = this->on_device(some);
    for (int64_t i = 0; i < count; ++i) {
      EXPECT_EQ(got[i].token, want[first + i].token) << first + i;
      EXPECT_EQ(got[i].logprob, want[first + i].logprob) << first + i;
      EXPECT_EQ(got[i].entropy, want[first + i].entropy) << first + i;
    }
  }
}

// All logits are equal: without noise the first token wins, and a cut lets all pass together.
TYPED_TEST(CudaDraw, TiesGoToTheLowestIndex) {
  const Case c{700, 4, 1, 3, false};
  const Values hidden(c.cols, 1.0f), head(c.vocabulary * c.cols, 0.5f);
  std::vector<DrawItem> items = make_items(c);
  for (DrawItem& item : items) item.temperature = 0;
  items[1].temperature = items[2].temperature = 1;
  items[2].position = items[1].position, items[2].sample = items[1].sample;
  items[2].top_k = 1;
  const auto got = this->on_device(this->device_args(c, hidden, head, items));
  EXPECT_EQ(got[0].token, 0);
  EXPECT_EQ(got[1].token, got[2].token);
}

}  // namespace
}  // namespace hone::kernels::cuda
