// CUDA twin of kernels/moe.h, f32. Index arrays are in the backend's memory. Every element has the CPU's order of
// operations, but for dweights: 128 chains over the columns c = t, t + 128, ..., added by block_sum.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

void moe_gather(const MoeGatherArgs& a, const Stream& stream);
void moe_combine(const MoeCombineArgs& a, const Stream& stream);
void moe_combine_backward(const MoeCombineBackwardArgs& a, const Stream& stream);
void moe_scatter(const MoeScatterArgs& a, const Stream& stream);

}  // namespace hone::kernels::cuda
