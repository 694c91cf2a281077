// Rows on their way to experts and back, on the device and on the CPU.
#include "kernels/cuda/moe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/kernels/cuda/twins.h"

namespace hone::kernels::cuda {
namespace {

using test::random_values;
using Values = std::vector<float>;

// Rows sent to top_k of `experts` experts; all to the first ones where `crowded`.
struct Routed {
  int64_t rows, top_k, cols;
  std::vector<int32_t> place, source;

  Routed(int64_t rows, int64_t top_k, int64_t cols, int64_t experts, bool crowded)
      : rows(rows), top_k(top_k), cols(cols), place(rows * top_k), source(rows * top_k) {
    PhiloxStream random(rows, 1);
    std::vector<int32_t> chosen, offsets(experts + 1);
    for (int64_t r = 0; r < rows; ++r) {
      const auto first = crowded ? 0 : random.below(static_cast<uint32_t>(experts));
      for (int64_t s = 0; s < top_k; ++s) chosen.push_back(static_cast<int32_t>((first + s) % experts));
    }
    sort_by_expert(chosen.data(), rows, top_k, experts, offsets.data(), place.data(), source.data());
  }
  int64_t slots() const { return rows * top_k; }
};

class CudaMoeTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(device_.report(), ""); }

  Values download(const float* data, const Values& like) {
    return device_.download(data, static_cast<int64_t>(like.size()));
  }

  const std::vector<Routed> cases_{{1, 1, 1, 1, false},    {5, 2, 33, 4, false},  {40, 8, 128, 16, false},
                                   {7, 3, 130, 30, false}, {20, 2, 300, 5, true}, {0, 2, 8, 4, false}};
  test::Device device_;
  ThreadTeam team_{1};
  const Stream stream_{&team_};
  const Backend& cpu_ = cpu_backend(DType::kF32);
};

TEST_F(CudaMoeTest, GatherCopiesRows) {
  for (const Routed& r : cases_) {
    const Values x = random_values(r.rows * r.cols, 1);
    Values expected(r.slots() * r.cols);
    cpu_.moe_gather({x.data(), r.source.data(), expected.data(), r.slots(), r.cols}, stream_);
    float* out = device_.output<float>(r.slots() * r.cols);
    moe_gather({device_.upload(x), device_.upload(r.source), out, r.slots(), r.cols}, stream_);
    EXPECT_EQ(download(out, expected), expected);
  }
}

TEST_F(CudaMoeTest, CombineHasTheBitsOfTheCpu) {
  for (const Routed& r : cases_)
    for (int base = 0; base < 3; ++base) {  // none, another matrix, y itself
      const Values expert_out = random_values(r.slots() * r.cols, 1), weights = random_values(r.slots(), 2);
      const Values other = random_values(r.rows * r.cols, 3);
      Values expected = random_values(r.rows * r.cols, 4);
      float* y = device_.upload(expected);
      const void* bases[] = {nullptr, device_.upload(other), y};
      moe_combine({device_.upload(expert_out), device_.upload(r.place), device_.upload(weights), bases[base], y, r.rows,
                   r.top_k, r.cols},
                  stream_);
      const void* cpu_bases[] = {nullptr, other.data(), expected.data()};
      cpu_.moe_combine({expert_out.data(), r.place.data(), weights.data(), cpu_bases[base], expected.data(), r.rows,
                        r.top_k, r.cols},
                       stream_);
      EXPECT_EQ(download(y, expected), expected) << base;
    }
}

TEST_F(CudaMoeTest, CombineBackwardIsNearTheCpu) {
  for (const Routed& r : cases_) {
    const Values dy = random_values(r.rows * r.cols, 1), expert_out = random_values(r.slots() * r.cols, 2);
    const Values weights = random_values(r.slots(), 3);
    Values dexpert(r.slots() * r.cols), dweights(r.slots());
    cpu_.moe_combine_backward({dy.data(), expert_out.data(), r.place.data(), weights.data(), dexpert.data(),
                               dweights.data(), r.rows, r.top_k, r.cols},
                              stream_);
    float* device_dexpert = device_.output<float>(r.slots() * r.cols);
    float* device_dweights = device_.output<float>(r.slots());
    moe_combine_backward({device_.upload(dy), device_.upload(expert_out), device_.upload(r.place),
                          device_.upload(weights), device_dexpert, device_dweights, r.rows, r.top_k, r.cols},
                         stream_);
    EXPECT_EQ(download(device_dexpert, dexpert), dexpert);
    const Values got = download(device_dweights, dweights);
    for (int64_t slot = 0; slot < r.slots(); ++slot) {
      double size = 0;
      for (int64_t c = 0; c < r.cols; ++c)
        size += std::fabs(dy[slot / r.top_k * r.cols + c] * expert_out[r.place[slot] * r.cols + c]);
      ASSERT_NEAR(got[slot], dweights[slot], 1e-6 * size) << r.cols << " columns, slot " << slot;
    }
  }
}

TEST_F(CudaMoeTest, GradientOfAWeightDoesNotDependOnTheBatch) {
  const Routed all(9, 2, 200, 3, false), one(1, 2, 200, 2, true);
  const Values dy = random_values(9 * 200, 1), expert_out = random_values(18 * 200, 2), weights = random_values(18, 3);
  const auto dweights = [&](const Routed& r, const Values& experts) {
    float *dexpert = device_.output<float>(r.slots() * r.cols), *out = device_.output<float>(r.slots());
    moe_combine_backward({device_.upload(dy), device_.upload(experts), device_.upload(r.place), device_.upload(weights),
                          dexpert, out, r.rows, r.top_k, r.cols},
                         stream_);
    return device_.download(out, r.slots());
  };
  Values of_first;
  for (int64_t s = 0; s < 2; ++s)
    of_first.insert(of_first.end(), &expert_out[all.place[s] * 200], &expert_out[all.place[s] * 200] + 200);
  const Values whole = dweights(all, expert_out), alone = dweights(one, of_first);
  EXPECT_EQ(alone, Values(whole.begin(), whole.begin() + 2));
}

TEST_F(CudaMoeTest, ScatterHasTheBitsOfTheCpu) {
  for (const Routed& r : cases_) {
    const Values dgathered = random_values(r.slots() * r.cols, 1);
    Values expected = random_values(r.rows * r.cols, 2);
    float* dx = device_.upload(expected);
    moe_scatter({device_.upload(dgathered), device_.upload(r.place), dx, r.rows, r.top_k, r.cols}, stream_);
    cpu_.moe_scatter({dgathered.data(), r.place.data(), expected.data(), r.rows, r.top_k, r.cols}, stream_);
    EXPECT_EQ(download(dx, expected), expected);
  }
}

}  // namespace
}  // namespace hone::kernels::cuda
