// Fault injection for tests of the parity guard: a product whose order of summation depends on the number of rows,
// which is the mistake that the guard is there to find. HONE_TEST_FAULT=split_k in the environment makes
// cpu_backend return it, except in f64.
#pragma once

#include "kernels/backend.h"

namespace hone::kernels {

// `sound` with another gemm: for more than 64 rows the chain over k is split into two halves that are added. Its name
// stays that of `sound`, whose dtype is f32. Calls in one process must pass the same backend for the same compact type.
const Backend& with_split_k_fault(const Backend& sound);

}  // namespace hone::kernels
