#include "trainer/sampler.h"

#include <unistd.h>

#include <algorithm>

namespace hone::trainer {

int32_t plan_cache_blocks(const Model& model, const RolloutSection& rollout, int64_t sequence_tokens) {
  constexpr int64_t kBlock = policy::kBlockTokens;
  const auto blocks_of = [](int64_t tokens) { return (tokens + kBlock - 1) / kBlock; };
  const int64_t least = blocks_of(model.weights->config().max_positions) + 1;
  if (rollout.cache_tokens > 0) return static_cast<int32_t>(blocks_of(rollout.cache_tokens));
  const int64_t memory = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  const int64_t most = memory / 4 / policy::PagedDecoder::block_bytes(*model.weights);
  // One more block a sequence: its own copy of the prompt's last.
  const int64_t wanted = rollout.max_sequences * (blocks_of(sequence_tokens) + 1);
  return static_cast<int32_t>(std::max(least, std::min(wanted, std::min<int64_t>(most, INT32_MAX / 2))));
}

Result<std::vector<int32_t>> encode_prompt(const policy::Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.encode_prompt(text);
}

Result<std::vector<int32_t>> stop_tokens(const policy::Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  std::vector<int32_t> out;
  if (tokenizer.eos() >= 0) out.push_back(tokenizer.eos());
  for (const std::string& text : texts) {
    HONE_TRY_ASSIGN(const std::vector<int32_t> tokens, tokenizer.encode(text));
    if (tokens.size() != 1)
      return Error{ErrorCode::kInvalid,
                   str("\"", text, "\" is ", tokens.size(), " tokens; a stop text must be exactly one"),
                   "",
                   0,
                   0,
                   "stop"};
    out.push_back(tokens[0]);
  }
  return out;
}

Result<std::unique_ptr<Sampler>> Sampler::create(const Model& model, const RolloutSection& rollout,
                                                 SamplerRequest request, const kernels::Stream& stream) {
  HONE_CHECK(model.tokenizer != nullptr, "sampling text needs a tokenizer");
  auto sampler = std::unique_ptr<Sampler>(new Sampler);
  const int32_t blocks = plan_cache_blocks(model, rollout, request.longest_prompt + request.options.max_new_tokens);
  const int32_t rows = static_cast<int32_t>(rollout.max_sequences + rollout.prefill_chunk);
  sampler->decoder_ = std::make_unique<policy::PagedDecoder>(*model.weights, stream, blocks, rows);
  HONE_TRY_ASSIGN(rollout::Engine engine,
                  rollout::Engine::create(*sampler->decoder_, {static_cast<int32_t>(rollout.max_sequences),
                                                               static_cast<int32_t>(rollout.prefill_chunk)}));
  const policy::Tokenizer* tokenizer = model.tokenizer.get();
  const auto decode = [tokenizer](std::span<const rl::Token> tokens) {
    return tokenizer->decode(tokens, policy::ControlTokens::kLeaveOut);
  };
  sampler->source_ = std::make_unique<rollout::GroupSource>(
      std::move(engine), request.options,
      rollout::GroupSourceCallbacks{std::move(request.prompt), decode, std::move(request.version)});
  return sampler;
}

}  // namespace hone::trainer
