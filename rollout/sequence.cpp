#include "rollout/sequence.h"

#include <algorithm>
#include <utility>

namespace hone::rollout {

Group::Group(GroupRequest group_request, uint64_t first_order)
    : request(std::move(group_request)), samples(request.num_samples), unfinished(request.num_samples) {
  std::shared_ptr<const StopTexts> stop_texts;
  if (!request.stop.texts.empty()) stop_texts = std::make_shared<const StopTexts>(request.stop.texts);
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
    if (stop_texts) sequence.reader.emplace(*request.tokenizer, stop_texts);
  }
}

std::optional<AnswerEnd> end_of(Sequence& sequence) {
  const GroupRequest& request = sequence.group->request;
  const int32_t token = sequence.draws.back().token;
  const bool stops = std::ranges::count(request.stop.tokens, token) > 0;
  const bool full = static_cast<int32_t>(sequence.draws.size()) == request.max_new_tokens;
  if (sequence.reader) {
    std::optional<StopMatch> match;
    if (!stops) match = sequence.reader->push(token);
    if (!match && (stops || full)) match = sequence.reader->finish();
    if (match) return AnswerEnd{rl::FinishReason::kStop, match};
  }
  if (stops) return AnswerEnd{rl::FinishReason::kStop, std::nullopt};
  if (full) return AnswerEnd{rl::FinishReason::kLength, std::nullopt};
  return std::nullopt;
}

}  // namespace hone::rollout
