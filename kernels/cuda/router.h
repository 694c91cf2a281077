// CUDA twin of kernels/router.h, f32: the CPU's sums in the CPU's order, so equal logits give equal scores, choices and
// weights. At most kMostExperts experts.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

inline constexpr int kMostExperts = 1024;

void route(const RouteArgs& a, const Stream& stream);
void route_backward(const RouteBackwardArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
