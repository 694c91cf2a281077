#include "kernels/moe.h"

namespace hone::kernels {

void sort_by_expert(const int32_t* chosen, int64_t rows, int64_t top_k, int64_t experts, int32_t* offsets,
                    int32_t* place, int32_t* source) {
  for (int64_t e = 0; e <= experts; ++e) offsets[e] = 0;
  for (int64_t i = 0; i < rows * top_k; ++i) ++offsets[chosen[i] + 1];
  for (int64_t e = 0; e < experts; ++e) offsets[e + 1] += offsets[e];
  for (int64_t i = 0; i < rows * top_k; ++i) {
    place[i] = offsets[chosen[i]]++;
    source[place[i]] = static_cast<int32_t>(i / top_k);
  }
  // Each offset now stands at its group's end, which is the next group's start.
  for (int64_t e = experts; e > 0; --e) offsets[e] = offsets[e - 1];
  offsets[0] = 0;
}

}  // namespace hone::kernels
