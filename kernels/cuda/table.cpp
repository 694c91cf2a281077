#include "kernels/cuda/table.h"

#include "kernels/cuda/adamw.h"
#include "kernels/cuda/attention.h"
#include "kernels/cuda/draw.h"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/gemm.h"
#include "kernels/cuda/kv.h"
#include "kernels/cuda/moe.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/panels.h"
#include "kernels/cuda/queue.h"
#include "kernels/cuda/rope.h"
#include "kernels/cuda/router.h"
#include "kernels/cuda/token_logprob.h"

namespace hone::kernels::cuda {
namespace {

template <class Compact>
Backend make_table(const char* name, DType compact, const Backend* wide) {
  return Backend{name,
                 DType::kF32,
                 compact,
                 kPanelCols,
                 kPanelDepth<Compact>,
                 wide,
                 device_memory,
                 device_allocate,
                 device_release,
                 device_write,
                 device_read,
                 gemm<Compact>,
                 gemm_grad_weight<Compact>,
                 pack_panels<Compact>,
                 embed<Compact>,
                 embed_backward,
                 copy,
                 to_compact<Compact>,
                 clamp,
                 clamp_backward,
                 sum_rows,
                 zero,
                 swiglu,
                 swiglu_backward,
                 rms_norm,
                 rms_norm_backward,
                 rope,
                 kv_append<Compact>,
                 kv_gather,
                 kv_copy<Compact>,
                 attention<Compact>,
                 attention_backward<Compact>,
                 route,
                 route_backward,
                 moe_gather,
                 moe_combine,
                 moe_combine_backward,
                 moe_scatter,
                 token_logprob<Compact>,
                 token_logprob_backward<Compact>,
                 draw<Compact>,
                 sum_of_squares,
                 adamw};
}

}  // namespace

const Backend& table(DType compact) {
  static const Backend f32 = make_table<float>("cuda-portable", DType::kF32, &f32);
  static const Backend bf16 = make_table<uint16_t>("cuda-portable-bf16", DType::kBf16, &f32);
  return compact == DType::kBf16 ? bf16 : f32;
}

}  // namespace hone::kernels::cuda
