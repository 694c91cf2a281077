#include "trainer/score_texts.h"

#include "policy/packed_network.h"

namespace hone::trainer {

Result<std::vector<float>> score_tokens(const Model& model, std::span<const int32_t> tokens, int64_t prompt_tokens,
                                        const kernels::Stream& stream) {
  const policy::ModelConfig& c = model.weights->config();
  const int64_t n = static_cast<int64_t>(tokens.size());
  const auto invalid = [](const char* field, const std::string& message) {
    return Error{ErrorCode::kInvalid, message, "", 0, 0, field};
  };
  if (prompt_tokens < 1 || prompt_tokens > n)
    return invalid("prompt_tokens", str("is ", prompt_tokens, ", must be from 1 to the ", n, " tokens given"));
  if (n - 1 > c.max_positions)
    return invalid("token_ids", str("has ", n, " tokens; this model takes ", c.max_positions + 1, " at most"));
  for (int32_t token : tokens)
    if (token < 0 || token >= c.vocab_size)
      return invalid("token_ids", str("holds ", token, "; the vocabulary has ", c.vocab_size, " tokens"));
  std::vector<float> logprob(n - prompt_tokens), entropy(n - prompt_tokens);
  if (logprob.empty()) return logprob;
  std::vector<int32_t> row, target(tokens.begin() + prompt_tokens, tokens.end());
  for (int64_t i = prompt_tokens; i < n; ++i) row.push_back(static_cast<int32_t>(i - 1));
  policy::PackedNetwork network(*model.weights, stream, 0);
  const policy::PackedSegment whole{0, static_cast<int32_t>(n - 1), 0, -1};
  network.forward(tokens.first(n - 1), {&whole, 1});
  network.token_logprobs({row, target, 1}, logprob.data(), entropy.data());
  return logprob;
}

}  // namespace hone::trainer
