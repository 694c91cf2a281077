// Root-mean-square normalization (Zhang and Sennrich, 2019): y = x / sqrt(mean(x^2) + epsilon) * weight over the last
// `cols`.
#pragma once

#include <cstdint>

namespace hone::kernels {

// Row r, head h starts at x + r * x_stride + h * cols (heads > 1: per-head normalization with one weight [cols]). y may
// be x.
struct RmsNormArgs {
  const void* x = nullptr;
  const void* weight = nullptr;
  void* y = nullptr;
  int64_t x_stride = 0, y_stride = 0;
  int64_t rows = 0, heads = 1, cols = 0;
  double epsilon = 1e-6;
  double limit = 0;  // y is cut at +-limit (OLMoE's clip_qkv); 0: it is not
};

// Gradient of the above at input x. dx is overwritten, or added to. dweight [cols] += the sum over rows and heads, by
// chunks of rows in order. dx may be dy.
struct RmsNormBackwardArgs {
  const void* x = nullptr;
  const void* weight = nullptr;
  const void* dy = nullptr;
  void* dx = nullptr;
  void* dweight = nullptr;
  int64_t x_stride = 0, dy_stride = 0, dx_stride = 0;
  int64_t rows = 0, heads = 1, cols = 0;
  double epsilon = 1e-6;
  bool accumulate = false;  // dx += instead of dx =
  double limit = 0;         // as in the forward: dy counts as 0 where y was cut
};

}  // namespace hone::kernels
