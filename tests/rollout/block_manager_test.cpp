#include "rollout/block_manager.h"

#include <gtest/gtest.h>

namespace hone::rollout {
namespace {

TEST(BlockManager, AllocatesTheLowestFreeBlock) {
  BlockManager blocks(4);
  for (int32_t expected : {0, 1, 2, 3}) EXPECT_EQ(blocks.allocate(), expected);
  for (int32_t block : {3, 1, 2}) blocks.release(block);
  for (int32_t expected : {1, 2, 3}) EXPECT_EQ(blocks.allocate(), expected);
}

TEST(BlockManager, SharedBlockIsFreeAfterItsLastReference) {
  BlockManager blocks(1);
  const int32_t block = blocks.allocate();
  blocks.share(block);
  EXPECT_EQ(blocks.references(block), 2);
  blocks.release(block);
  EXPECT_EQ(blocks.num_free(), 0);
  blocks.release(block);
  EXPECT_EQ(blocks.num_free(), 1);
}

TEST(BlockManagerDeathTest, RefusesWhatWouldCorruptTheCache) {
  BlockManager blocks(1);
  EXPECT_DEATH(blocks.release(0), "0 < references");
  EXPECT_DEATH(blocks.share(0), "0 < references");
  EXPECT_DEATH(blocks.references(1), "block 1 of 1");
  blocks.allocate();
  EXPECT_DEATH(blocks.allocate(), "all 1 blocks are held");
}

}  // namespace
}  // namespace hone::rollout
