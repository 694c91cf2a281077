#include "rollout/block_manager.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"

namespace hone::rollout {

BlockManager::BlockManager(int32_t num_blocks) : references_(num_blocks, 0), free_(num_blocks) {
  std::iota(free_.begin(), free_.end(), 0);  // ascending order is a heap
}

int32_t BlockManager::references(int32_t block) const {
  HONE_CHECK(block >= 0 && block < num_blocks(), "block ", block, " of ", num_blocks());
  return references_[block];
}

int32_t BlockManager::allocate() {
  HONE_CHECK(!free_.empty(), "all ", num_blocks(), " blocks are held");
  std::pop_heap(free_.begin(), free_.end(), std::greater<>());
  const int32_t block = free_.back();
  free_.pop_back();
  references_[block] = 1;
  return block;
}

void BlockManager::share(int32_t block) {
  HONE_CHECK_LT(0, references(block));
  ++references_[block];
}

void BlockManager::release(int32_t block) {
  HONE_CHECK_LT(0, references(block));
  if (--references_[block] > 0) return;
  free_.push_back(block);
  std::push_heap(free_.begin(), free_.end(), std::greater<>());
}

}  // namespace hone::rollout
