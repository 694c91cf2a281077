// One operator = one contract header; a backend is the table of its implementations for one element type on one device.
// Callers hold a Backend and never ask which device it is. Pointers in argument structs are in the backend's memory and
// point to elements of the backend's dtype unless they say otherwise (compact: of its compact type); what describes the
// shape of a call (offsets, spans with their blocks, parents, families) is on the host. Matrices are row-major with a
// stride counted in elements. Every forward operator gives a row the same bits whatever else is in the call, for every
// thread count.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_team.h"
#include "kernels/adamw.h"
#include "kernels/attention.h"
#include "kernels/draw.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "kernels/moe.h"
#include "kernels/norm.h"
#include "kernels/router.h"
#include "kernels/rope.h"
#include "kernels/token_logprob.h"

namespace hone::kernels {

enum class DType { kF32, kF64, kBf16 };

constexpr size_t size_of(DType dtype) { return dtype == DType::kF64 ? 8 : dtype == DType::kBf16 ? 2 : 4; }

// Bytes.
struct MemorySize {
  int64_t total = 0;
  int64_t available = -1;  // what this process may still take; -1 where unknown
};

// Where work is put. The CPU runs it at once on the team; a device queues it.
struct Stream {
  ThreadTeam* team = nullptr;
};

struct Backend {
  const char* name;     // for example "cpu-avx512": part of a run's identity, for bits differ between instruction sets
  DType dtype;          // of activations, parameters and gradients: kF32 or kF64
  // Of packed panels, embedding tables, keys and values. kBf16: every product rounds its inputs to bf16, to the nearest
  // and ties to even, and adds in f32; otherwise the same as dtype.
  DType compact;
  int panel_cols;       // columns of a packed panel (kernels/gemm.h)
  int panel_depth;      // its rows are padded with zeros to a multiple of this
  const Backend* wide;  // this one, or its twin with compact == dtype: for products whose inputs stay in dtype (router)
  MemorySize (*memory)();  // on a CPU within the limit of the control group
  void* (*allocate)(size_t bytes);  // zeroed, aligned to 64 bytes; nullptr when there is no memory
  void (*release)(void* data);
  // From the host's memory into the backend's: `from` may change at once afterwards. And back, when all work that was
  // put on the stream before is done.
  void (*write)(void* to, const void* from, size_t bytes, const Stream&);
  void (*read)(void* to, const void* from, size_t bytes, const Stream&);
  void (*gemm)(const GemmArgs&, const Stream&);
  void (*gemm_grad_weight)(const GemmGradWeightArgs&, const Stream&);
  void (*pack_panels)(const PackPanelsArgs&, const Stream&);
  void (*embed)(const EmbedArgs&, const Stream&);
  void (*embed_backward)(const EmbedBackwardArgs&, const Stream&);
  void (*copy)(const CopyArgs&, const Stream&);
  void (*to_compact)(const ToCompactArgs&, const Stream&);
  void (*clamp)(const ClampArgs&, const Stream&);
  void (*clamp_backward)(const ClampBackwardArgs&, const Stream&);
  void (*sum_rows)(const SumRowsArgs&, const Stream&);
  void (*zero)(const ZeroArgs&, const Stream&);
  void (*swiglu)(const SwigluArgs&, const Stream&);
  void (*swiglu_backward)(const SwigluBackwardArgs&, const Stream&);
  void (*rms_norm)(const RmsNormArgs&, const Stream&);
  void (*rms_norm_backward)(const RmsNormBackwardArgs&, const Stream&);
  void (*rope)(const RopeArgs&, const Stream&);
  void (*kv_append)(const KvAppendArgs&, const Stream&);
  void (*kv_gather)(const KvGatherArgs&, const Stream&);
  void (*kv_copy)(const KvCopyArgs&, const Stream&);
  void (*attention)(const AttentionArgs&, const Stream&);
  void (*attention_backward)(const AttentionBackwardArgs&, const Stream&);
  void (*route)(const RouteArgs&, const Stream&);
  void (*route_backward)(const RouteBackwardArgs&, const Stream&);
  void (*moe_gather)(const MoeGatherArgs&, const Stream&);
  void (*moe_combine)(const MoeCombineArgs&, const Stream&);
  void (*moe_combine_backward)(const MoeCombineBackwardArgs&, const Stream&);
  void (*moe_scatter)(const MoeScatterArgs&, const Stream&);
  void (*token_logprob)(const TokenLogprobArgs&, const Stream&);
  void (*token_logprob_backward)(const TokenLogprobBackwardArgs&, const Stream&);
  void (*draw)(const DrawArgs&, const Stream&);
  double (*sum_of_squares)(const SumOfSquaresArgs&, const Stream&);
  void (*adamw)(const AdamWArgs&, const Stream&);
};

// The best backend of this machine's instruction sets whose compact type is `compact`. HONE_ISA in the environment
// names the last one allowed: avx2, avx512, avx512_bf16 or amx. f64 is for gradient checks and is not fast. Aborts on a
// machine without AVX2 and FMA.
const Backend& cpu_backend(DType compact);

}  // namespace hone::kernels
