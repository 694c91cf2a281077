// Text of tokens as they are sampled, for readers that cannot take a piece back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/tokenizer.h"

namespace hone::policy {

// What push and flush gave, put together, is Tokenizer::decode of all tokens; each piece ends with a whole character.
// Text waits while later tokens may change it: for the rest of a character, or for the end of a run of open tokens
// (Tokenizer::is_open). Owned by one thread; the tokenizer must outlive it.
class DecodeStream {
 public:
  explicit DecodeStream(const Tokenizer& tokenizer, ControlTokens control = ControlTokens::kLeaveOut)
      : tokenizer_(&tokenizer), control_(control) {}

  // The text that became certain with this token. Requires 0 <= token.
  std::string push(int32_t token);
  // The text that was waiting; the stream then begins anew.
  std::string flush();

 private:
  std::string take(const std::string& text, size_t certain);
  void forget_what_is_settled(const std::string& text, size_t certain);

  const Tokenizer* tokenizer_;
  ControlTokens control_;
  std::vector<int32_t> window_;  // the last tokens: as many as the next text depends on
  size_t given_ = 0;             // bytes of decode(window_) that were given out
};

}  // namespace hone::policy
