// Norms on the device against their CPU twins.
#include "kernels/cuda/norm.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/twins.h"

namespace hone::test {
namespace {

using kernels::RmsNormArgs;
using kernels::RmsNormBackwardArgs;

struct Shape {
  int64_t rows, heads, cols, pad;  // pad: elements between rows
  double limit;
};
const Shape kShapes[] = {{0, 1, 8, 0, 0},     {1, 1, 1, 0, 0},      {3, 1, 31, 1, 0},   {2, 1, 2048, 0, 0},
                         {5, 4, 128, 64, 0},  {2, 1, 5000, 3, 0.9}, {1, 3, 33, 0, 0.5}, {70, 1, 513, 7, 0},
                         {300, 2, 96, 0, 0.2}};

TEST(CudaNorm, ForwardEqualsTheCpu) {
  ThreadTeam team(1);
  for (const Shape& s : kShapes) {
    const int64_t stride = s.heads * s.cols + s.pad;
    const auto x = random_values(s.rows * stride, 1), weight = random_values(s.cols, 2);
    auto expected = random_values(x.size(), 3);
    Device device(s.cols);
    float* y = device.upload(expected);
    RmsNormArgs args{x.data(), weight.data(), expected.data(), stride, stride, s.rows, s.heads, s.cols, 1e-6, s.limit};
    cpu().rms_norm(args, {&team});
    args.x = device.upload(x), args.weight = device.upload(weight), args.y = y;
    kernels::cuda::rms_norm(args, {});
    ASSERT_EQ(device.report(), "");
    expect_near(device.download(y, expected.size()), expected);
  }
}

// A row alone, first and last of many: the same bits.
TEST(CudaNorm, ARowDoesNotDependOnTheOthers) {
  const int64_t rows = 37, cols = 1537;
  const auto x = random_values(rows * cols, 1), weight = random_values(cols, 2);
  Device device;
  float* y = device.output<float>(rows * cols);
  float* alone = device.output<float>(rows * cols);
  const RmsNormArgs all{device.upload(x), device.upload(weight), y, cols, cols, rows, 1, cols};
  kernels::cuda::rms_norm(all, {});
  for (int64_t r = 0; r < rows; ++r) {
    RmsNormArgs one = all;
    one.x = static_cast<const float*>(all.x) + r * cols, one.y = alone + r * cols, one.rows = 1;
    kernels::cuda::rms_norm(one, {});
  }
  ASSERT_EQ(device.report(), "");
  EXPECT_EQ(device.download(y, rows * cols), device.download(alone, rows * cols));
}

struct Backward {
  bool accumulate, in_place;  // in_place: dx is dy
};

TEST(CudaNorm, BackwardEqualsTheCpu) {
  ThreadTeam team(1);
  for (const Shape& s : kShapes)
    for (const Backward b : {Backward{false, false}, {true, false}, {false, true}}) {
      const int64_t stride = s.heads * s.cols + s.pad;
      const auto x = random_values(s.rows * stride, 1), weight = random_values(s.cols, 2);
      auto dy = random_values(x.size(), 3), dx = random_values(x.size(), 4), dweight = random_values(s.cols, 5);
      Device device(s.cols);
      float *device_dy = device.upload(dy), *device_dx = b.in_place ? device_dy : device.upload(dx);
      float* device_dweight = device.upload(dweight);
      auto& result = b.in_place ? dy : dx;
      RmsNormBackwardArgs args{x.data(), weight.data(), dy.data(), result.data(), dweight.data(),
                               stride, stride, stride, s.rows, s.heads, s.cols, 1e-6, b.accumulate, s.limit};
      cpu().rms_norm_backward(args, {&team});
      args.x = device.upload(x), args.weight = device.upload(weight), args.dy = device_dy, args.dx = device_dx;
      args.dweight = device_dweight;
      kernels::cuda::rms_norm_backward(args, {});
      ASSERT_EQ(device.report(), "");
      expect_near(device.download(device_dx, result.size()), result, 1e-5f, 1.0f);
      expect_near(device.download(device_dweight, s.cols), dweight, 1e-5f, 1.0f);
    }
}

}  // namespace
}  // namespace hone::test
