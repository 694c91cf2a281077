#include "trainer/sampler.h"

#include <algorithm>

#include "base/utf8.h"
#include "trainer/memory_plan.h"

namespace hone::trainer {

namespace {

// What these weights leave of the machine's memory: with gradients and moments where they train, which may not have
// been touched yet.
int64_t memory_left(const policy::Weights& weights) {
  const int64_t masters = weights.use() == policy::Use::kTrain ? weights.size() * int64_t{sizeof(float)} : 0;
  const kernels::MemorySize memory = weights.backend().memory();
  const int64_t left = memory.total - weights.bytes() - 3 * masters;
  return std::max<int64_t>(0, memory.available < 0 ? left : std::min(left, memory.available));
}

}  // namespace

int32_t plan_cache_blocks(const Model& model, const RolloutSection& rollout, int64_t sequence_tokens) {
  constexpr int64_t kBlock = policy::kBlockTokens;
  const auto blocks_of = [](int64_t tokens) { return (tokens + kBlock - 1) / kBlock; };
  if (rollout.cache_tokens > 0) return static_cast<int32_t>(blocks_of(rollout.cache_tokens));
  const int64_t most = memory_left(*model.weights) / 4 / policy::PagedDecoder::block_bytes(*model.weights);
  // One more block a sequence: its own copy of the prompt's last.
  const int64_t least = blocks_of(sequence_tokens) + 1, wanted = rollout.max_sequences * least;
  const int64_t longest = blocks_of(model.weights->config().max_positions) + 1;
  return static_cast<int32_t>(std::max(least, std::min({std::max(wanted, longest), most, int64_t{INT32_MAX / 2}})));
}

Result<std::vector<int32_t>> encode_prompt(const policy::Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.encode_prompt(text);
}

namespace {

Error stop_error(std::string message) { return {.message = std::move(message), .field = "stop"}; }

void add_once(std::vector<int32_t>& tokens, int32_t token) {
  if (std::ranges::count(tokens, token) == 0) tokens.push_back(token);
}

// Control tokens are no part of an answer's text, so a text that is one of them stops at the token.
Result<void> add_stop_text(const policy::Tokenizer& tokenizer, const std::string& text, rollout::StopRule& rule) {
  if (text.empty()) return stop_error("holds an empty text");
  if (!is_utf8(text)) return stop_error("holds a text that is not UTF-8");
  rule.texts.push_back(text);
  const Result<std::vector<int32_t>> tokens = tokenizer.encode(text);
  if (!tokens.ok()) return {};  // a part of a token's text: "</th" where "</think>" is one
  for (const int32_t token : *tokens) {
    if (!tokenizer.is_control(token)) continue;
    const std::string written = tokenizer.decode({&token, 1});
    if (written != text)
      return stop_error(str("\"", text, "\" holds the control token ", written, ", which can only stand alone"));
    add_once(rule.tokens, token);
  }
  return {};
}

}  // namespace

std::vector<int32_t> eos_tokens(const Model& model) {
  std::vector<int32_t> tokens = model.weights->config().eos_ids;
  if (model.tokenizer && model.tokenizer->eos() >= 0) add_once(tokens, model.tokenizer->eos());
  return tokens;
}

Result<rollout::StopRule> stop_rule(const Model& model, const std::vector<std::string>& texts, Eos eos) {
  rollout::StopRule rule;
  if (eos == Eos::kStops) rule.tokens = eos_tokens(model);
  if (!model.tokenizer && !texts.empty()) return stop_error("needs a tokenizer.json, which the model lacks");
  for (const std::string& text : texts) HONE_TRY(add_stop_text(*model.tokenizer, text, rule));
  return rule;
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
  sampler->source_ = std::make_unique<rollout::GroupSource>(
      std::move(engine), *model.tokenizer, std::move(request.options),
      rollout::GroupSourceCallbacks{std::move(request.prompt), std::move(request.version)});
  return sampler;
}

}  // namespace hone::trainer
