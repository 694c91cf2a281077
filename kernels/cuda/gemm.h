// CUDA twin of kernels/gemm.h, portable kernels: f32 arithmetic, one chain of fused multiply-adds over k = 0, 1, 2, ...
// for every output, whatever the shape of the tiles. So f32 has the CPU's bits; with Compact = uint16_t (bf16) both
// factors are rounded as they are taken in, and the chain is that of the CPU without bf16 instructions.
//
// Compact (float or uint16_t) is the type of the panels, which lie as kernels/cuda/panels.h says. Grids of CUDA allow
// 65,535 groups or matrices and 2^20 - 16 columns.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels::cuda {

template <class Compact>
void gemm(const GemmArgs& g, const Stream& stream);

template <class Compact>
void gemm_grad_weight(const GemmGradWeightArgs& g, const Stream& stream);

template <class Compact>
void pack_panels(const PackPanelsArgs& p, const Stream& stream);

}  // namespace hone::kernels::cuda
