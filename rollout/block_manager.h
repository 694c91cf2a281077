// Who holds which block of the key-value cache. Blocks of a shared prompt have several holders.
#pragma once

#include <cstdint>
#include <vector>

namespace hone::rollout {

class BlockManager {
 public:
  explicit BlockManager(int32_t num_blocks);

  int32_t num_blocks() const { return static_cast<int32_t>(references_.size()); }
  int32_t num_free() const { return static_cast<int32_t>(free_.size()); }
  int32_t references(int32_t block) const;

  // The lowest free block, with one reference. Requires num_free() > 0.
  int32_t allocate();
  // One reference more. Requires that the block is held.
  void share(int32_t block);
  // One reference less; the block is free after the last.
  void release(int32_t block);

 private:
  std::vector<int32_t> references_;
  std::vector<int32_t> free_;  // a heap, lowest first
};

}  // namespace hone::rollout
