#include "rollout/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace hone::rollout {

using policy::kBlockTokens;

namespace {
constexpr int32_t kReservedDraws = 64;  // of an answer, in one allocation; most end before
}  // namespace

Scheduler::Scheduler(const SchedulerLimits& limits) : limits_(limits), blocks_(limits.num_blocks) {
  HONE_CHECK(limits.prefill_chunk >= 1 && limits.max_sequences >= 1, limits.prefill_chunk, ", ", limits.max_sequences);
  HONE_CHECK_LE(limits.max_sequences, limits.max_rows);
}

void Scheduler::submit(GroupRequest request) {
  const auto positions = static_cast<int64_t>(request.prompt->size()) + request.max_new_tokens - 1;
  HONE_CHECK_LE(blocks_for(positions), limits_.num_blocks);
  Group& group = groups_.emplace_back(std::move(request), next_order_);
  next_order_ += group.samples.size();
  waiting_.insert(&group.samples[0]);  // the others follow when the prompt is computed
}

const StepPlan& Scheduler::plan() {
  HONE_CHECK(has_work(), "nothing to plan");
  plan_.copies.clear();
  plan_.tokens.clear();
  plan_.spans.clear();
  plan_.draws.clear();
  drawing_.clear();
  grow_running();
  count_load();
  admit_waiting();
  emit_rows();
  HONE_CHECK(!plan_.tokens.empty(), waiting_.size(), " sequences wait and none can run");
  return plan_;
}

void Scheduler::commit(std::span<const policy::Draw> draws, std::vector<FinishedAnswer>& finished) {
  HONE_CHECK_EQ(draws.size(), drawing_.size());
  for (size_t i = 0; i < draws.size(); ++i) accept(*drawing_[i], draws[i], finished);
  drop_left();
}

void Scheduler::grow_running() {
  for (Sequence* sequence : running_) {
    const bool full = sequence->computed == static_cast<int32_t>(sequence->blocks.size()) * kBlockTokens;
    if (full && sequence->state == SequenceState::kRunning) grow(*sequence);
  }
  drop_left();
}

// Gives the sequence one block more, or takes all it has where every other holder is older.
void Scheduler::grow(Sequence& sequence) {
  while (blocks_.num_free() == 0 && sequence.state == SequenceState::kRunning) evict(youngest_holder());
  if (sequence.state == SequenceState::kRunning) sequence.blocks.push_back(blocks_.allocate());
}

// To write all its pending positions.
int32_t Scheduler::blocks_needed(const Sequence& sequence) const {
  const int32_t missing = blocks_for(sequence.known()) - static_cast<int32_t>(sequence.blocks.size());
  return missing + (writes_shared_block(sequence) ? 1 : 0);
}

bool Scheduler::writes_shared_block(const Sequence& sequence) const {
  if (sequence.computed % kBlockTokens == 0) return false;
  return blocks_.references(sequence.blocks[sequence.computed / kBlockTokens]) > 1;
}

// Whether there is room for a waiting sequence: its own blocks and one for each running sequence, so that who has
// lost blocks does not take them back at once and lose them again. With none running it is the oldest and takes what
// it needs from the others that wait.
bool Scheduler::find_blocks(const Sequence& sequence) {
  if (!running_.empty()) return blocks_.num_free() >= blocks_needed(sequence) + static_cast<int32_t>(running_.size());
  while (blocks_.num_free() < blocks_needed(sequence)) {
    Sequence& victim = youngest_holder();
    HONE_CHECK_LT(sequence.order, victim.order);
    evict(victim);
  }
  return true;
}

void Scheduler::take_needed_blocks(Sequence& sequence) {
  if (writes_shared_block(sequence)) {
    int32_t& block = sequence.blocks[sequence.computed / kBlockTokens];
    const int32_t copy = blocks_.allocate();
    plan_.copies.push_back({block, copy, sequence.computed % kBlockTokens});
    blocks_.release(std::exchange(block, copy));
  }
  const auto needed = static_cast<size_t>(blocks_for(sequence.known()));
  while (sequence.blocks.size() < needed) sequence.blocks.push_back(blocks_.allocate());
}

// The holder may have written its own positions behind the prompt's into the last block, and may go on writing there:
// the new holder reads the prompt's only, and gets a copy before it writes.
void Scheduler::adopt_prompt(Sequence& sequence, const Sequence& holder) {
  const int32_t count = blocks_for(sequence.prompt_length);
  sequence.blocks.assign(holder.blocks.begin(), holder.blocks.begin() + count);
  for (int32_t block : sequence.blocks) blocks_.share(block);
  sequence.computed = sequence.prompt_length;
}

Sequence& Scheduler::youngest_holder() const {
  Sequence* youngest = nullptr;
  for (Sequence* sequence : running_) {
    const bool holds = sequence->state == SequenceState::kRunning;
    if (holds && (!youngest || sequence->order > youngest->order)) youngest = sequence;
  }
  const auto holds_blocks = [](const Sequence* sequence) { return !sequence->blocks.empty(); };
  const auto holder = std::find_if(waiting_.rbegin(), waiting_.rend(), holds_blocks);
  if (holder != waiting_.rend() && (!youngest || (*holder)->order > youngest->order)) youngest = *holder;
  HONE_CHECK(youngest, "no block is held, yet none is free");
  return *youngest;
}

void Scheduler::evict(Sequence& victim) {
  release(victim);
  if (victim.state != SequenceState::kRunning) return;
  victim.state = SequenceState::kWaiting;
  waiting_.insert(&victim);
  running_left_ = true;
  ++preemptions_;
}

void Scheduler::release(Sequence& sequence) {
  for (int32_t block : sequence.blocks) blocks_.release(block);
  sequence.blocks.clear();
  sequence.computed = 0;
}

void Scheduler::count_load() {
  decoding_ = 0;
  prefilling_ = 0;
  for (const Sequence* sequence : running_) count(*sequence);
}

void Scheduler::count(const Sequence& sequence) {
  const int32_t pending = sequence.pending();
  if (pending == 1) {
    ++decoding_;
  } else {
    prefilling_ += pending;
  }
}

// At least 1 while a running sequence has more than one pending position, since max_sequences <= max_rows.
int32_t Scheduler::prefill_budget() const { return std::min(limits_.prefill_chunk, limits_.max_rows - decoding_); }

void Scheduler::admit_waiting() {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (static_cast<int32_t>(running_.size()) == limits_.max_sequences) return;
    if (!reuse_prompt(**it)) {
      ++it;
    } else if (admit(**it)) {
      it = waiting_.erase(it);
    } else {
      return;  // first come, first served: a younger one that fits would keep this one waiting for ever
    }
  }
}

// Takes the prompt from a sample of the group that has it. False: one is computing it right now, so it is worth
// waiting.
bool Scheduler::reuse_prompt(Sequence& sequence) {
  if (!sequence.blocks.empty()) return true;
  const auto& samples = sequence.group->samples;
  const auto holder = std::find_if(samples.begin(), samples.end(), [](const Sequence& s) { return !s.blocks.empty(); });
  if (holder == samples.end()) return true;
  if (!holder->prompt_computed()) return false;
  adopt_prompt(sequence, *holder);
  return true;
}

bool Scheduler::admit(Sequence& sequence) {
  if (sequence.pending() > 1 && prefilling_ >= prefill_budget()) return false;
  if (!find_blocks(sequence)) return false;
  take_needed_blocks(sequence);
  sequence.state = SequenceState::kRunning;
  running_.push_back(&sequence);
  count(sequence);
  return true;
}

void Scheduler::emit_rows() {
  int32_t budget = prefill_budget();
  for (Sequence* sequence : running_) {
    const int32_t pending = sequence->pending();
    const int32_t num_rows = pending == 1 ? 1 : std::min(pending, budget);
    if (pending > 1) budget -= num_rows;
    if (num_rows > 0) emit(*sequence, num_rows);
  }
}

void Scheduler::emit(Sequence& sequence, int32_t num_rows) {
  const auto first_row = static_cast<int32_t>(plan_.tokens.size());
  plan_.spans.push_back({first_row, num_rows, sequence.computed, sequence.blocks.data()});
  const int32_t end = sequence.computed + num_rows;
  for (int32_t p = sequence.computed; p < end; ++p) plan_.tokens.push_back(sequence.token(p));
  sequence.computed = end;
  if (sequence.pending() > 0) return;
  const int32_t last_row = first_row + num_rows - 1;
  if (sequence.draws.empty()) {
    fork(*sequence.group, last_row);
  } else {
    emit_draw(sequence, last_row);
  }
}

void Scheduler::emit_draw(Sequence& sequence, int32_t row) {
  sequence.request.row = row;
  sequence.request.position = static_cast<uint32_t>(sequence.known());
  plan_.draws.push_back(sequence.request);
  drawing_.push_back(&sequence);
}

// samples[0] has computed the prompt: all samples hold it and draw.
void Scheduler::fork(Group& group, int32_t row) {
  for (Sequence& sequence : group.samples) {
    if (&sequence != &group.samples[0]) adopt_prompt(sequence, group.samples[0]);
    sequence.draws.reserve(std::min(group.request.max_new_tokens, kReservedDraws));
    emit_draw(sequence, row);
  }
}

void Scheduler::accept(Sequence& sequence, const policy::Draw& draw, std::vector<FinishedAnswer>& finished) {
  sequence.draws.push_back(draw);
  if (const auto end = end_of(sequence)) {
    finish(sequence, *end, finished);
  } else if (sequence.draws.size() == 1) {  // just forked: all samples of the group queue for a place
    sequence.state = SequenceState::kWaiting;
    waiting_.insert(&sequence);
    running_left_ = true;
  }
}

void Scheduler::finish(Sequence& sequence, const AnswerEnd& end, std::vector<FinishedAnswer>& finished) {
  finished.push_back({sequence.group->request.id, sequence.request.sample, std::move(sequence.draws), end.finish,
                      end.stop_text});
  release(sequence);
  sequence.state = SequenceState::kFinished;
  running_left_ = true;
  group_ended_ |= --sequence.group->unfinished == 0;
}

void Scheduler::drop_left() {
  if (std::exchange(running_left_, false)) {
    std::erase_if(running_, [](const Sequence* s) { return s->state != SequenceState::kRunning; });
  }
  if (std::exchange(group_ended_, false)) {
    groups_.remove_if([](const Group& group) { return group.unfinished == 0; });
  }
}

}  // namespace hone::rollout
