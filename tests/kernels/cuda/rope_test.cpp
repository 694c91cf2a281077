// Rotation on the device against its CPU twin.
#include "kernels/cuda/rope.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/twins.h"

namespace hone::test {
namespace {

using kernels::RopeArgs;
using kernels::RopeLayout;

struct Shape {
  int64_t rows, heads, dim, head_stride, pad;
};
const Shape kShapes[] = {{0, 2, 4, 4, 0}, {1, 1, 2, 2, 0}, {7, 3, 64, 96, 5}, {33, 2, 6, 6, 1}, {3, 16, 128, 128, 0}};

TEST(CudaRope, EqualsTheCpuToTheBit) {
  ThreadTeam team(1);
  constexpr int64_t kPositions = 50;
  for (const Shape& s : kShapes)
    for (const RopeLayout layout : {RopeLayout::kInterleaved, RopeLayout::kHalfSplit})
      for (const bool inverse : {false, true}) {
        const int64_t stride = s.heads * s.head_stride + s.pad;
        auto x = random_values(s.rows * stride, 1);
        const auto table = random_values(kPositions * 2 * s.dim, 2);
        std::vector<int32_t> positions;
        for (int32_t r = 0; r < s.rows; ++r) positions.push_back(r * 17 % kPositions);
        if (s.rows > 1) positions.back() = kPositions - 1;
        std::vector<float> paired = table;  // sines of a pair's first element are those of the second, negative
        for (int64_t p = 0; p < kPositions; ++p)
          for (int64_t i = 0; i < s.dim / 2; ++i) {
            const bool interleaved = layout == RopeLayout::kInterleaved;
            const int64_t first = interleaved ? 2 * i : i, second = interleaved ? first + 1 : i + s.dim / 2;
            float* line = &paired[2 * p * s.dim];
            line[second] = line[first], line[s.dim + first] = -line[s.dim + second];
          }
        Device device(s.dim);
        float* device_x = device.upload(x);
        RopeArgs args{x.data(), stride,      s.head_stride,    s.rows,        s.heads,
                      s.dim,    positions.data(), paired.data(), layout, inverse};
        cpu().rope(args, {&team});
        args.x = device_x, args.positions = device.upload(positions), args.table = device.upload(paired);
        kernels::cuda::rope(args, {});
        ASSERT_EQ(device.report(), "");
        ASSERT_EQ(device.download(device_x, x.size()), x);
      }
}

}  // namespace
}  // namespace hone::test
