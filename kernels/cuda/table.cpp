#include "kernels/cuda/table.h"

#include "kernels/cuda/gemm.h"
#include "kernels/cuda/moe.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/panels.h"
#include "kernels/cuda/queue.h"
#include "kernels/cuda/router.h"

namespace hone::kernels::cuda {
namespace {

template <class Compact>
Backend make_table(const char* name, const Backend* wide) {
  Backend b{};
  b.name = name;
  b.dtype = DType::kF32;
  b.compact = sizeof(Compact) == 2 ? DType::kBf16 : DType::kF32;
  b.panel_cols = kPanelCols;
  b.panel_depth = kPanelDepth<Compact>;
  b.wide = wide;
  b.allocate = device_allocate;
  b.release = device_release;
  b.gemm = gemm<Compact>;
  b.gemm_grad_weight = gemm_grad_weight<Compact>;
  b.pack_panels = pack_panels<Compact>;
  b.rms_norm = rms_norm;
  b.route = route;
  b.route_backward = route_backward;
  b.moe_gather = moe_gather;
  b.moe_combine = moe_combine;
  b.moe_combine_backward = moe_combine_backward;
  b.moe_scatter = moe_scatter;
  return b;
}

}  // namespace

const Backend& table(DType compact) {
  static const Backend f32 = make_table<float>("cuda-f32", &f32);
  static const Backend bf16 = make_table<uint16_t>("cuda-bf16", &f32);
  return compact == DType::kBf16 ? bf16 : f32;
}

const char* missing_operator(const Backend& b) {
#define HONE_SLOT(name) {#name, b.name != nullptr}
  const struct {
    const char* name;
    bool present;
  } operators[] = {
      HONE_SLOT(gemm), HONE_SLOT(gemm_grad_weight), HONE_SLOT(pack_panels), HONE_SLOT(embed),
      HONE_SLOT(embed_backward), HONE_SLOT(copy), HONE_SLOT(clamp), HONE_SLOT(clamp_backward), HONE_SLOT(sum_rows),
      HONE_SLOT(zero), HONE_SLOT(swiglu), HONE_SLOT(swiglu_backward), HONE_SLOT(rms_norm),
      HONE_SLOT(rms_norm_backward), HONE_SLOT(rope), HONE_SLOT(kv_append), HONE_SLOT(kv_gather), HONE_SLOT(kv_copy),
      HONE_SLOT(attention), HONE_SLOT(attention_backward), HONE_SLOT(route), HONE_SLOT(route_backward),
      HONE_SLOT(moe_gather), HONE_SLOT(moe_combine), HONE_SLOT(moe_combine_backward), HONE_SLOT(moe_scatter),
      HONE_SLOT(token_logprob), HONE_SLOT(token_logprob_backward), HONE_SLOT(draw), HONE_SLOT(sum_of_squares),
      HONE_SLOT(adamw),
  };
#undef HONE_SLOT
  for (const auto& slot : operators)
    if (!slot.present) return slot.name;
  return nullptr;
}

}  // namespace hone::kernels::cuda
