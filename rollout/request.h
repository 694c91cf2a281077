// What goes into the engine and what comes out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/decoder.h"
#include "rl/types.h"
#include "rollout/stop_texts.h"

namespace hone::rollout {

// What ends an answer before it has max_new_tokens. Nothing does where both are empty.
struct StopRule {
  std::vector<int32_t> tokens;  // an answer ends with the first of these
  // An answer ends at the first place at which its text contains one of these; of two that end there, the longer one
  // counts. The text is what its tokens decode to, control tokens left out, whatever the borders of the tokens are: the
  // last token is the one that made the match certain, and may hold text behind it. Not empty, valid UTF-8.
  std::vector<std::string> texts;
};

// A prompt and how many answers to sample for it. An answer is a function of (weights, prompt, key, serial, its index,
// params, max_new_tokens, stop) and of nothing else.
struct GroupRequest {
  uint64_t id = 0;  // given back with every answer, not read
  std::shared_ptr<const std::vector<int32_t>> prompt;
  uint64_t key = 0;  // with serial, the random stream of the group
  uint32_t serial = 0;
  uint32_t num_samples = 1;
  policy::SamplingParams params;
  int32_t max_new_tokens = 1;
  StopRule stop;
  const policy::Tokenizer* tokenizer = nullptr;  // gives the text; needed with stop.texts, must outlive the answers
};

// draws holds the stop token, or the tokens of the stop text, when finish is kStop.
struct FinishedAnswer {
  uint64_t id = 0;
  uint32_t sample = 0;  // place in its group
  std::vector<policy::Draw> draws;
  rl::FinishReason finish = rl::FinishReason::kLength;
  std::optional<StopMatch> stop_text;  // in the answer's text, where one ended it
};

// The answer's text: its tokens decoded, control tokens and the stop token left out, what follows the stop text cut.
// The stop text itself is kept for who reads what the policy wrote (training, checkers) and left out for who reads an
// answer (hone generate).
enum class StopText { kKeep, kLeaveOut };
std::string answer_text(const policy::Tokenizer& tokenizer, const FinishedAnswer& answer, StopText stop_text);

}  // namespace hone::rollout
