#include "rollout/request.h"

namespace hone::rollout {

std::string answer_text(const policy::Tokenizer& tokenizer, const FinishedAnswer& answer, StopText stop_text) {
  std::vector<int32_t> tokens;
  for (const policy::Draw& draw : answer.draws) tokens.push_back(draw.token);
  const bool stop_token = answer.finish == rl::FinishReason::kStop && !answer.stop_text;
  if (stop_token) tokens.pop_back();
  std::string text = tokenizer.decode(tokens, policy::ControlTokens::kLeaveOut);
  if (answer.stop_text) text.resize(stop_text == StopText::kKeep ? answer.stop_text->end : answer.stop_text->begin);
  return text;
}

}  // namespace hone::rollout
