#include "kernels/simd_avx512.h"
#include "kernels/simd_math.h"
#include "kernels/attention_bf16_amx.h"
#include "kernels/cpu_table.h"
#include "kernels/gemm_bf16_amx.h"

namespace hone::kernels {

const Backend& cpu_backend_avx512();

const Backend& cpu_backend_amx_bf16() {
  static const Backend backend =
      make_bf16_backend<AmxBf16<F32x16>, TileProducts<F32x16>>("cpu-amx-bf16", cpu_backend_avx512());
  return backend;
}

}  // namespace hone::kernels
