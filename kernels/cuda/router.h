// CUDA twin of kernels/router.h: the CPU's sums in the CPU's order, so its choices are the CPU's wherever the logits are.
// At most kMostExperts experts.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

inline constexpr int kMostExperts = 1024;

void route(const RouteArgs& a, const Stream& stream);
void route_backward(const RouteBackwardArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
