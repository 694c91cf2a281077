// The order of rows in an epoch.
#pragma once

#include <cstdint>
#include <vector>

namespace hone::trainer {

// A permutation of [0, rows), uniform (Fisher and Yates), a pure function of (key, epoch).
std::vector<uint32_t> epoch_order(uint64_t key, uint64_t epoch, uint32_t rows);

}  // namespace hone::trainer
