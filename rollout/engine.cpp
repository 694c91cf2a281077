#include "rollout/engine.h"

#include <cmath>
#include <utility>

#include "base/utf8.h"

namespace hone::rollout {
namespace {

Error invalid(std::string field, std::string message) {
  return {.code = ErrorCode::kInvalid, .message = std::move(message), .field = std::move(field)};
}

Result<void> check_params(const policy::SamplingParams& params) {
  if (!(params.temperature >= 0) || std::isinf(params.temperature)) {
    return invalid("temperature", str("must be finite and at least 0, not ", params.temperature));
  }
  if (!(params.top_p > 0 && params.top_p <= 1)) return invalid("top_p", str("must be in (0, 1], not ", params.top_p));
  if (params.top_k < 0) return invalid("top_k", str("must be at least 0, not ", params.top_k));
  return {};
}

Result<void> check_stop(const GroupRequest& request) {
  if (request.stop.texts.empty()) return {};
  HONE_CHECK(request.tokenizer != nullptr, "stop texts without a tokenizer");
  for (const std::string& text : request.stop.texts) {
    if (text.empty()) return invalid("stop", "a stop text is empty");
    if (!is_utf8(text)) return invalid("stop", "a stop text is not UTF-8");
  }
  return {};
}

Result<void> check_shape(const GroupRequest& request) {
  if (!request.prompt || request.prompt->empty()) return invalid("prompt", "has no token");
  if (request.num_samples < 1) return invalid("num_samples", "must be at least 1, not 0");
  if (request.max_new_tokens < 1) {
    return invalid("max_new_tokens", str("must be at least 1, not ", request.max_new_tokens));
  }
  return {};
}

}  // namespace

Result<Engine> Engine::create(policy::Decoder& decoder, const EngineConfig& config) {
  if (config.prefill_chunk < 1) return invalid("prefill_chunk", str("must be at least 1, not ", config.prefill_chunk));
  if (config.max_sequences < 1 || config.max_sequences > decoder.max_rows()) {
    return invalid("max_sequences",
                   str("must be in [1, ", decoder.max_rows(), "], the rows of a step, not ", config.max_sequences));
  }
  return Engine(decoder, config);
}

Engine::Engine(policy::Decoder& decoder, const EngineConfig& config)
    : decoder_(&decoder),
      scheduler_({config.max_sequences, config.prefill_chunk, decoder.max_rows(), decoder.num_blocks()}) {}

Result<void> Engine::submit(GroupRequest request) {
  HONE_TRY(check_shape(request));
  HONE_TRY(check_params(request.params));
  HONE_TRY(check_stop(request));
  HONE_TRY(check_fits(request));
  scheduler_.submit(std::move(request));
  return {};
}

// The last token drawn is never computed, so it needs no place in the cache.
Result<void> Engine::check_fits(const GroupRequest& request) const {
  const auto prompt_length = static_cast<int64_t>(request.prompt->size());
  const int64_t length = prompt_length + request.max_new_tokens;
  const std::string asked = str("a prompt of ", prompt_length, " tokens and ", request.max_new_tokens, " new ones ");
  if (length > decoder_->max_positions()) {
    return invalid("max_new_tokens",
                   str(asked, "make ", length, " positions; a sequence has at most ", decoder_->max_positions()));
  }
  if (blocks_for(length - 1) > decoder_->num_blocks()) {
    return invalid("max_new_tokens",
                   str(asked, "need ", blocks_for(length - 1), " cache blocks of ", policy::kBlockTokens,
                       " positions; the cache has ", decoder_->num_blocks()));
  }
  return {};
}

Result<std::vector<FinishedAnswer>> Engine::step() {
  const StepPlan& plan = scheduler_.plan();
  for (const BlockCopy& copy : plan.copies) decoder_->copy_block(copy.from, copy.to, copy.num_tokens);
  decoder_->forward(plan.tokens, plan.spans);
  draws_.resize(plan.draws.size());
  if (!draws_.empty()) decoder_->draw(plan.draws, draws_);
  HONE_TRY(check_draws(plan));

  std::vector<FinishedAnswer> finished;
  counters_.steps += 1;
  counters_.rows += static_cast<int64_t>(plan.tokens.size());
  counters_.tokens += static_cast<int64_t>(draws_.size());
  counters_.preemptions = scheduler_.preemptions();
  scheduler_.commit(draws_, finished);
  return finished;
}

Result<void> Engine::check_draws(const StepPlan& plan) const {
  for (size_t i = 0; i < draws_.size(); ++i) {
    const policy::Draw& draw = draws_[i];
    if (std::isfinite(draw.logprob) && std::isfinite(draw.entropy)) continue;
    const policy::DrawRequest& request = plan.draws[i];
    return Error{.code = ErrorCode::kGuard,
                 .message = str("log-probability ", draw.logprob, " and entropy ", draw.entropy,
                                " of the token at position ", request.position, " of sample ", request.sample,
                                " of group ", request.serial)};
  }
  return {};
}

}  // namespace hone::rollout
