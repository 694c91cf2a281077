// Norms on the emulated device against their CPU twins.
#include "kernels/cuda/norm.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/twins.h"

namespace hone::test {
namespace {

using kernels::RmsNormArgs;

struct Shape {
  int64_t rows, heads, cols, pad;  // pad: elements between rows
  double limit;
};
const Shape kShapes[] = {{0, 1, 8, 0, 0},    {1, 1, 1, 0, 0},     {3, 1, 31, 1, 0},       {2, 1, 2048, 0, 0},
                         {5, 4, 128, 64, 0}, {2, 1, 5000, 3, 0.9}, {1, 3, 33, 0, 0.5}};

TEST(CudaNorm, ForwardEqualsTheCpu) {
  ThreadTeam team(1);
  for (const Shape& s : kShapes) {
    const int64_t stride = s.heads * s.cols + s.pad;
    const auto x = random_values(s.rows * stride, 1), weight = random_values(s.cols, 2);
    std::vector<float> expected(x.size(), 0);
    RmsNormArgs args{x.data(), weight.data(), expected.data(), stride, stride, s.rows, s.heads, s.cols, 1e-6, s.limit};
    kernels::cpu_backend(kernels::DType::kF32).rms_norm(args, {&team});

    EmulatedDevice device(s.cols);
    float* y = device.upload(std::vector<float>(x.size(), 0));
    args.x = device.upload(x), args.weight = device.upload(weight), args.y = y;
    kernels::cuda::rms_norm(args, {});
    ASSERT_EQ(device.report(), "");
    expect_near(device.download(y, expected.size()), expected);
  }
}

}  // namespace
}  // namespace hone::test
