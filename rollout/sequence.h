// One answer in flight, and the group it belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "policy/decoder.h"
#include "rollout/request.h"

namespace hone::rollout {

enum class SequenceState {
  kWaiting,   // for a place in the step or for blocks; may hold the blocks of its prompt
  kRunning,   // has rows in the steps: one a step, or chunks while it has more to compute
  kFinished,
};

struct Group;

// Its positions are the prompt's, then those of the drawn tokens. Blocks may be taken from it between steps; what was
// drawn stays, so that it is computed again and never drawn again.
struct Sequence {
  Group* group = nullptr;
  uint64_t order = 0;  // age: lower is older; unique in the engine
  SequenceState state = SequenceState::kWaiting;
  int32_t prompt_length = 0;
  const int32_t* prompt = nullptr;  // [prompt_length], the group's
  int32_t computed = 0;             // positions whose keys and values are in the cache
  policy::DrawRequest request;      // row and position change from draw to draw
  std::vector<int32_t> blocks;      // cover positions [0, computed) at least, while any are held
  std::vector<policy::Draw> draws;
  std::optional<StopReader> reader;  // of the draws, where the request has stop texts

  int32_t known() const { return prompt_length + static_cast<int32_t>(draws.size()); }
  int32_t pending() const { return known() - computed; }
  bool prompt_computed() const { return computed >= prompt_length; }
  int32_t token(int32_t position) const {
    return position < prompt_length ? prompt[position] : draws[position - prompt_length].token;
  }
};

// The prompt is computed by samples[0], from whose last row all samples draw their first token.
struct Group {
  // The samples get the orders first_order, first_order + 1, ...
  Group(GroupRequest group_request, uint64_t first_order);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  const GroupRequest request;
  std::vector<Sequence> samples;  // samples[i].request.sample == i; never resized
  uint32_t unfinished = 0;
};

struct AnswerEnd {
  rl::FinishReason finish;
  std::optional<StopMatch> stop_text;
};

// Why the last drawn token ends the answer; nullopt where it does not. Called once for each draw.
std::optional<AnswerEnd> end_of(Sequence& sequence);

}  // namespace hone::rollout
