// Element-wise operators on the device: the CPU's bits.
#include "kernels/cuda/elementwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/kernels/cuda/twins.h"

namespace hone::test {
namespace {

struct Shape {
  int64_t rows, cols, pad;  // pad: elements between rows
};
const Shape kShapes[] = {{0, 5, 0}, {1, 1, 0}, {3, 31, 2}, {130, 7, 0}, {2, 5000, 1}, {300, 96, 4}};

// op(args, stream) on the CPU and on the device for every shape; args(shape, x, to) are its arguments with x [rows, 2,
// cols + pad] from [-scale, scale), clamped to the limit, as input and `to` [rows, 2, cols + pad] as result.
template <class MakeArgs, class CpuOp, class DeviceOp>
void compare(const MakeArgs& args, const CpuOp& cpu_op, const DeviceOp& device_op, float scale = 1,
             float limit = std::numeric_limits<float>::infinity()) {
  ThreadTeam team(2);
  for (const Shape& s : kShapes) {
    const int64_t count = s.rows * 2 * (s.cols + s.pad);
    auto x = random_values(count, 1), to = random_values(count, 2);
    for (float& value : x) value = std::clamp(value * scale, -limit, limit);
    Device device(s.cols);
    float *device_x = device.upload(x), *device_to = device.upload(to);
    cpu_op(args(s, x.data(), to.data()), {&team});
    device_op(args(s, device_x, device_to), {});
    ASSERT_EQ(device.report(), "");
    ASSERT_EQ(device.download(device_x, count), x) << s.rows << " x " << s.cols;
    ASSERT_EQ(device.download(device_to, count), to) << s.rows << " x " << s.cols;
  }
}

TEST(CudaElementwise, Copy) {
  for (const bool accumulate : {false, true})
    compare(
        [&](const Shape& s, float* x, float* to) {
          return kernels::CopyArgs{x, s.cols + s.pad, to, 2 * s.cols, s.rows, s.cols, accumulate};
        },
        cpu().copy, kernels::cuda::copy);
}

TEST(CudaElementwise, Clamp) {
  compare([](const Shape& s, float* x, float*) { return kernels::ClampArgs{x, s.cols + s.pad, s.rows, s.cols, 0.5}; },
          cpu().clamp, kernels::cuda::clamp);
}

TEST(CudaElementwise, ClampBackward) {
  compare(
      [](const Shape& s, float* x, float* to) {
        return kernels::ClampBackwardArgs{x, s.cols, to, s.cols + s.pad, s.rows, s.cols, 0.5};
      },
      cpu().clamp_backward, kernels::cuda::clamp_backward, 1, 0.5f);
}

TEST(CudaElementwise, ClampLetsNanThrough) {
  Device device;
  float* x = device.upload(std::vector<float>{std::numeric_limits<float>::quiet_NaN(), 3});
  kernels::cuda::clamp({x, 2, 1, 2, 0.5}, {});
  ASSERT_EQ(device.report(), "");
  const auto clamped = device.download(x, 2);
  EXPECT_TRUE(std::isnan(clamped[0]));
  EXPECT_EQ(clamped[1], 0.5f);
}

TEST(CudaElementwise, SumRows) {
  compare(
      [](const Shape& s, float* x, float* to) {
        return kernels::SumRowsArgs{x, s.cols + s.pad, to, s.rows, s.rows ? s.cols : 0};
      },
      cpu().sum_rows, kernels::cuda::sum_rows);
}

TEST(CudaElementwise, Zero) {
  compare([](const Shape& s, float*, float* to) { return kernels::ZeroArgs{to, s.rows * s.cols}; }, cpu().zero,
          kernels::cuda::zero);
}

TEST(CudaElementwise, Swiglu) {
  compare([](const Shape& s, float* x, float* to) { return kernels::SwigluArgs{x, to, s.rows, s.cols}; }, cpu().swiglu,
          kernels::cuda::swiglu, 100);
}

TEST(CudaElementwise, SwigluBackwardInPlace) {
  compare([](const Shape& s, float* x, float* to) { return kernels::SwigluBackwardArgs{x, to, x, s.rows, s.cols}; },
          cpu().swiglu_backward, kernels::cuda::swiglu_backward, 100);
}

}  // namespace
}  // namespace hone::test
