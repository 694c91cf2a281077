// Any bytes as a tokenizer.json; what loads encodes, decodes and streams.
#include <unistd.h>

#include <cstdlib>

#include "policy/decode_stream.h"
#include "policy/hf_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone::policy;
  const std::string json(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = HfTokenizer::create("/nonexistent/tokenizer.json", json);
  if (!tokenizer) return 0;
  const auto tokens = (*tokenizer)->encode_prompt("The cat's 12 <s> ü🙂\n  x");
  if (!tokens) return 0;
  DecodeStream stream(**tokenizer, ControlTokens::kKeep);
  std::string text;
  for (int32_t token : *tokens) text += stream.push(token);
  if (text + stream.flush() != (*tokenizer)->decode(*tokens, ControlTokens::kKeep)) std::abort();
  return 0;
}
