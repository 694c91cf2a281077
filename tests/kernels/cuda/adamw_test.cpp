// AdamW and the norm of gradients on the device against their CPU twins.
#include "kernels/cuda/adamw.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/twins.h"

namespace hone::test {
namespace {

using kernels::AdamWArgs;

constexpr int64_t kCounts[] = {0, 1, 255, 256, 257, 40000};

TEST(CudaAdamW, ThreeStepsEqualTheCpuToTheBit) {
  ThreadTeam team(1);
  for (const int64_t count : kCounts) {
    Device device(count);
    auto weight = random_values(count, 1);
    std::vector<float> m(count), v(count);
    float *device_weight = device.upload(weight), *device_m = device.upload(m), *device_v = device.upload(v);
    for (int step = 1; step <= 3; ++step) {
      auto gradient = random_values(count, 10 + step);
      float* device_gradient = device.upload(gradient);
      AdamWArgs args{weight.data(), gradient.data(), m.data(), v.data(), count, 1e-3, 0.9, 0.95, 1e-8, 0.1};
      args.correction1 = 1 / (1 - std::pow(0.9, step)), args.correction2 = 1 / (1 - std::pow(0.95, step));
      args.gradient_scale = 0.7;
      cpu().adamw(args, {&team});
      args.weight = device_weight, args.gradient = device_gradient, args.m = device_m, args.v = device_v;
      kernels::cuda::adamw(args, {});
      ASSERT_EQ(device.report(), "");
      ASSERT_EQ(device.download(device_gradient, count), gradient);
    }
    ASSERT_EQ(device.download(device_weight, count), weight);
    ASSERT_EQ(device.download(device_m, count), m);
    ASSERT_EQ(device.download(device_v, count), v);
  }
}

TEST(CudaSumOfSquares, EqualsTheCpu) {
  ThreadTeam team(1);
  for (const int64_t count : kCounts) {
    const auto x = random_values(count, 1);
    Device device(count);
    const double expected = cpu().sum_of_squares({x.data(), count}, {&team});
    EXPECT_NEAR(kernels::cuda::sum_of_squares({device.upload(x), count}, {}), expected, 1e-6 * expected);
    ASSERT_EQ(device.report(), "");
  }
}

}  // namespace
}  // namespace hone::test
