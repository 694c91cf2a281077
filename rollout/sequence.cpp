#include "rollout/sequence.h"

#include <utility>

namespace hone::rollout {

Group::Group(GroupRequest group_request, uint64_t first_order)
    : request(std::move(group_request)), samples(request.num_samples), unfinished(request.num_samples) {
  for (uint32_t i = 0; i < request.num_samples; ++i) {
    Sequence& sequence = samples[i];
    sequence.group = this;
    sequence.order = first_order + i;
    sequence.prompt_length = static_cast<int32_t>(request.prompt->size());
    sequence.prompt = request.prompt->data();
    sequence.request.key = request.key;
    sequence.request.serial = request.serial;
    sequence.request.sample = i;
    sequence.request.params = request.params;
  }
}

std::optional<rl::FinishReason> end_of(const Sequence& sequence) {
  const GroupRequest& request = sequence.group->request;
  for (int32_t stop : request.stop_tokens) {
    if (sequence.draws.back().token == stop) return rl::FinishReason::kStop;
  }
  if (static_cast<int32_t>(sequence.draws.size()) == request.max_new_tokens) return rl::FinishReason::kLength;
  return std::nullopt;
}

}  // namespace hone::rollout
