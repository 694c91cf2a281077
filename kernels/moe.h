// Moving rows to their experts and back. place[r * top_k + s] is where slot s of row r stands in expert order.
#pragma once

#include <cstdint>

namespace hone::kernels {

// Stable counting sort of the (row, slot) pairs by expert, on the host: offsets [experts + 1], place [rows * top_k],
// source [rows * top_k] (the row of each place).
void sort_by_expert(const int32_t* chosen, int64_t rows, int64_t top_k, int64_t experts, int32_t* offsets,
                    int32_t* place, int32_t* source);

// out[i] = x[source[i]], cols elements each.
struct MoeGatherArgs {
  const void* x = nullptr;
  const int32_t* source = nullptr;
  void* out = nullptr;
  int64_t count = 0, cols = 0;
};

// y[r] = base[r] + sum over slots in order of weights[r, s] * expert_out[place[r, s]]. base may be nullptr (0) or y.
struct MoeCombineArgs {
  const void* expert_out = nullptr;
  const int32_t* place = nullptr;
  const void* weights = nullptr;
  const void* base = nullptr;
  void* y = nullptr;
  int64_t rows = 0, top_k = 0, cols = 0;
};

// dexpert_out[place] = weight * dy[row]; dweights = dy[row] . expert_out[place].
struct MoeCombineBackwardArgs {
  const void* dy = nullptr;
  const void* expert_out = nullptr;
  const int32_t* place = nullptr;
  const void* weights = nullptr;
  void* dexpert_out = nullptr;
  void* dweights = nullptr;
  int64_t rows = 0, top_k = 0, cols = 0;
};

// dx[r] += sum over slots in order of dgathered[place[r, s]]: the backward of moe_gather.
struct MoeScatterArgs {
  const void* dgathered = nullptr;
  const int32_t* place = nullptr;
  void* dx = nullptr;
  int64_t rows = 0, top_k = 0, cols = 0;
};

}  // namespace hone::kernels
