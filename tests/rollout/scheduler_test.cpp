#include "rollout/scheduler.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/rollout_run.h"

namespace hone::rollout {
namespace {

using hone::testing::make_request;

// Draws token 5 for every request of the plan, which no request stops at.
std::vector<FinishedAnswer> commit_fives(Scheduler& scheduler, const StepPlan& plan) {
  std::vector<FinishedAnswer> finished;
  scheduler.commit(std::vector<policy::Draw>(plan.draws.size(), {.token = 5}), finished);
  return finished;
}

std::set<int32_t> blocks_at(const StepPlan& plan, int32_t index) {
  std::set<int32_t> blocks;
  for (const auto& span : plan.spans) blocks.insert(span.blocks[index]);
  return blocks;
}

TEST(Scheduler, PromptOfAGroupIsComputedOnce) {
  Scheduler scheduler({.max_sequences = 8, .prefill_chunk = 64, .max_rows = 64, .num_blocks = 64});
  scheduler.submit(make_request(0, 40, 8, 10));
  const StepPlan& plan = scheduler.plan();
  EXPECT_EQ(plan.tokens.size(), 40u);
  EXPECT_EQ(plan.spans.size(), 1u);
}

TEST(Scheduler, AllSamplesDrawTheirFirstTokenFromTheLastRowOfThePrompt) {
  Scheduler scheduler({.max_sequences = 2, .prefill_chunk = 64, .max_rows = 64, .num_blocks = 64});
  scheduler.submit(make_request(9, 40, 8, 10));
  const StepPlan& plan = scheduler.plan();
  ASSERT_EQ(plan.draws.size(), 8u);
  for (uint32_t i = 0; i < 8; ++i) {
    EXPECT_EQ(plan.draws[i].row, 39);
    EXPECT_EQ(plan.draws[i].position, 40u);
    EXPECT_EQ(plan.draws[i].sample, i);
    EXPECT_EQ(plan.draws[i].serial, 9u);
  }
}

TEST(Scheduler, SamplesShareTheFullBlocksOfThePrompt) {
  Scheduler scheduler({.max_sequences = 8, .prefill_chunk = 64, .max_rows = 64, .num_blocks = 64});
  scheduler.submit(make_request(0, 40, 8, 10));
  commit_fives(scheduler, scheduler.plan());
  const StepPlan& plan = scheduler.plan();
  ASSERT_EQ(plan.spans.size(), 8u);
  EXPECT_EQ(blocks_at(plan, 0).size(), 1u);
  EXPECT_EQ(blocks_at(plan, 1).size(), 1u);
  EXPECT_EQ(blocks_at(plan, 2).size(), 8u);
  EXPECT_EQ(scheduler.num_free_blocks(), 64 - (2 + 8));
}

TEST(Scheduler, PartialLastBlockIsCopiedForAllButOne) {
  Scheduler scheduler({.max_sequences = 8, .prefill_chunk = 64, .max_rows = 64, .num_blocks = 64});
  scheduler.submit(make_request(0, 40, 8, 10));
  commit_fives(scheduler, scheduler.plan());
  const StepPlan& plan = scheduler.plan();
  ASSERT_EQ(plan.copies.size(), 7u);
  for (const BlockCopy& copy : plan.copies) {
    EXPECT_EQ(copy.from, 2);
    EXPECT_EQ(copy.num_tokens, 40 % policy::kBlockTokens);
  }
}

TEST(Scheduler, PromptThatFillsItsBlocksIsNotCopied) {
  Scheduler scheduler({.max_sequences = 8, .prefill_chunk = 64, .max_rows = 64, .num_blocks = 64});
  scheduler.submit(make_request(0, 32, 8, 10));
  commit_fives(scheduler, scheduler.plan());
  EXPECT_TRUE(scheduler.plan().copies.empty());
}

TEST(Scheduler, SamplesWithoutAPlaceWaitWithTheirFirstToken) {
  Scheduler scheduler({.max_sequences = 2, .prefill_chunk = 64, .max_rows = 64, .num_blocks = 64});
  scheduler.submit(make_request(0, 40, 3, 3));
  std::vector<size_t> rows, draws;
  while (scheduler.has_work()) {
    const StepPlan& plan = scheduler.plan();
    rows.push_back(plan.tokens.size());
    draws.push_back(plan.draws.size());
    commit_fives(scheduler, plan);
  }
  EXPECT_EQ(rows, (std::vector<size_t>{40, 2, 2, 1, 1}));
  EXPECT_EQ(draws, (std::vector<size_t>{3, 2, 2, 1, 1}));
}

TEST(Scheduler, AStepKeepsItsLimits) {
  const SchedulerLimits limits{.max_sequences = 5, .prefill_chunk = 6, .max_rows = 9, .num_blocks = 64};
  Scheduler scheduler(limits);
  for (uint32_t i = 0; i < 6; ++i) scheduler.submit(make_request(i, 7 + i, 2, 12));
  while (scheduler.has_work()) {
    const StepPlan& plan = scheduler.plan();
    int32_t prefill_rows = 0;
    for (const auto& span : plan.spans) prefill_rows += span.num_rows > 1 ? span.num_rows : 0;
    EXPECT_LE(prefill_rows, limits.prefill_chunk);
    EXPECT_LE(static_cast<int32_t>(plan.tokens.size()), limits.max_rows);
    EXPECT_LE(static_cast<int32_t>(plan.spans.size()), limits.max_sequences);
    commit_fives(scheduler, plan);
  }
}

TEST(Scheduler, TheOldestIsNeverPreempted) {
  int64_t preemptions = 0;
  for (int32_t num_blocks = 5; num_blocks <= 15; ++num_blocks) {
    Scheduler scheduler({.max_sequences = 4, .prefill_chunk = 64, .max_rows = 64, .num_blocks = num_blocks});
    for (uint32_t i = 0; i < 4; ++i) scheduler.submit(make_request(i, 16, 1, 64));
    std::vector<FinishedAnswer> ended;
    int steps = 0;
    for (; ended.empty(); ++steps) ended = commit_fives(scheduler, scheduler.plan());
    EXPECT_EQ(ended.front().id, 1000u);
    EXPECT_EQ(steps, 64);
    preemptions += scheduler.preemptions();
  }
  EXPECT_GT(preemptions, 0);
}

TEST(Scheduler, PreemptedSampleTakesThePromptFromASiblingThatHasIt) {
  Scheduler scheduler({.max_sequences = 4, .prefill_chunk = 64, .max_rows = 64, .num_blocks = 8});
  scheduler.submit(make_request(0, 48, 3, 60));
  int64_t rows = 0, answers = 0;
  while (scheduler.has_work()) {
    const StepPlan& plan = scheduler.plan();
    rows += static_cast<int64_t>(plan.tokens.size());
    answers += static_cast<int64_t>(commit_fives(scheduler, plan).size());
  }
  EXPECT_EQ(answers, 3);
  ASSERT_GT(scheduler.preemptions(), 0);
  EXPECT_LT(rows, 48 + 3 * 60 + scheduler.preemptions() * 48);
}

}  // namespace
}  // namespace hone::rollout
