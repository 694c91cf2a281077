// Decides what each step computes. Knows no decoder: it turns requests into plans and draws into answers.
//
// Places in the step go to the oldest first. When a prompt has been computed, all samples of its group draw their
// first token from its last row and wait for a place, each holding a reference to the prompt's blocks; whoever then
// writes into the shared last block while others hold it gets a copy. When blocks run out, the youngest holder loses
// its own. The oldest sequence is thus never stopped, so everything ends as long as each sequence fits alone.
#pragma once

#include <cstdint>
#include <list>
#include <set>
#include <span>
#include <vector>

#include "policy/decoder.h"
#include "rollout/block_manager.h"
#include "rollout/request.h"
#include "rollout/sequence.h"

namespace hone::rollout {

// Requires max_sequences <= max_rows and all >= 1.
struct SchedulerLimits {
  int32_t max_sequences = 0;
  int32_t prefill_chunk = 0;
  int32_t max_rows = 0;
  int32_t num_blocks = 0;
};

struct BlockCopy {
  int32_t from = 0, to = 0, num_tokens = 0;
};

// The copies come first, in order; then one forward over tokens and spans; then the draws.
struct StepPlan {
  std::vector<BlockCopy> copies;
  std::vector<int32_t> tokens;
  std::vector<policy::DecodeSpan> spans;
  std::vector<policy::DrawRequest> draws;
};

// Blocks that hold `positions` positions.
constexpr int32_t blocks_for(int64_t positions) {
  return static_cast<int32_t>((positions + policy::kBlockTokens - 1) / policy::kBlockTokens);
}

class Scheduler {
 public:
  explicit Scheduler(const SchedulerLimits& limits);

  // Requires a request that fits: blocks_for(prompt + max_new_tokens - 1) <= num_blocks.
  void submit(GroupRequest request);

  // The next step, valid until the next call. Requires has_work(). Each plan is followed by commit.
  const StepPlan& plan();

  // Takes the draws of the last plan, draws[i] for plan.draws[i], and appends the answers that ended.
  void commit(std::span<const policy::Draw> draws, std::vector<FinishedAnswer>& finished);

  bool has_work() const { return !groups_.empty(); }
  int32_t num_free_blocks() const { return blocks_.num_free(); }
  int64_t preemptions() const { return preemptions_; }

 private:
  struct Older {
    bool operator()(const Sequence* a, const Sequence* b) const { return a->order < b->order; }
  };

  // Blocks: who may write where.
  void grow_running();
  void grow(Sequence& sequence);
  int32_t blocks_needed(const Sequence& sequence) const;
  bool writes_shared_block(const Sequence& sequence) const;
  bool find_blocks(const Sequence& sequence);
  void take_needed_blocks(Sequence& sequence);
  void adopt_prompt(Sequence& sequence, const Sequence& holder);
  Sequence& youngest_holder() const;
  void evict(Sequence& victim);
  void release(Sequence& sequence);

  // Places in the step.
  void count_load();
  void count(const Sequence& sequence);
  int32_t prefill_budget() const;
  void admit_waiting();
  bool reuse_prompt(Sequence& sequence);
  bool admit(Sequence& sequence);

  // The plan and its outcome.
  void emit_rows();
  void emit(Sequence& sequence, int32_t num_rows);
  void emit_draw(Sequence& sequence, int32_t row);
  void fork(Group& group, int32_t row);
  void accept(Sequence& sequence, const policy::Draw& draw, std::vector<FinishedAnswer>& finished);
  void finish(Sequence& sequence, const AnswerEnd& end, std::vector<FinishedAnswer>& finished);
  void drop_left();

  SchedulerLimits limits_;
  BlockManager blocks_;
  std::list<Group> groups_;
  std::set<Sequence*, Older> waiting_;
  std::vector<Sequence*> running_;
  uint64_t next_order_ = 0;
  int64_t preemptions_ = 0;

  StepPlan plan_;
  std::vector<Sequence*> drawing_;  // drawing_[i] gets draw i of the plan
  int32_t decoding_ = 0;            // running sequences with one pending position
  int64_t prefilling_ = 0;          // pending positions of the others
  bool running_left_ = false;       // a sequence of running_ is no longer kRunning
  bool group_ended_ = false;
};

}  // namespace hone::rollout
