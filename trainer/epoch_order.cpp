#include "trainer/epoch_order.h"

#include <numeric>
#include <utility>

#include "base/philox.h"

namespace hone::trainer {

std::vector<uint32_t> epoch_order(uint64_t key, uint64_t epoch, uint32_t rows) {
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0u);
  PhiloxStream random(key, epoch);
  for (uint32_t left = rows; left > 1; --left) std::swap(order[left - 1], order[random.below(left)]);
  return order;
}

}  // namespace hone::trainer
