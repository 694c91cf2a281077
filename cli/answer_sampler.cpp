#include "cli/answer_sampler.h"

#include <algorithm>

namespace hone::cli {
namespace {

constexpr int64_t kCacheBytes = int64_t{1} << 30;

struct Demand {
  int64_t sequences = 0;
  int64_t prompt_tokens = 0;
  int64_t blocks = 0;   // for all sequences at once
  int64_t largest = 1;  // blocks of the longest one alone
};

Demand demand_of(const std::vector<AnswerSampler::Prompt>& prompts, const AnswerOptions& options,
                 int64_t max_positions) {
  Demand demand;
  for (const AnswerSampler::Prompt& prompt : prompts) {
    if (!prompt) continue;
    const auto length = static_cast<int64_t>(prompt->size());
    const int64_t blocks = rollout::blocks_for(std::min(length + options.max_new_tokens, max_positions));
    demand.sequences += options.answers;
    demand.prompt_tokens += length;
    demand.blocks += options.answers * blocks;
    demand.largest = std::max(demand.largest, blocks);
  }
  return demand;
}

}  // namespace

Result<AnswerSampler> AnswerSampler::create(const trainer::Model& model, const AnswerOptions& options,
                                            const std::vector<Prompt>& prompts, const kernels::Stream& stream) {
  const Demand demand = demand_of(prompts, options, model.weights->config().max_positions);
  const int64_t affordable = kCacheBytes / policy::PagedDecoder::block_bytes(*model.weights);
  const int64_t blocks = std::max(demand.largest, std::min(demand.blocks, affordable));
  rollout::EngineConfig engine = options.engine;
  engine.max_sequences = static_cast<int32_t>(std::clamp<int64_t>(demand.sequences, 1, engine.max_sequences));
  engine.prefill_chunk = static_cast<int32_t>(std::clamp<int64_t>(demand.prompt_tokens, 1, engine.prefill_chunk));
  auto decoder = std::make_unique<policy::PagedDecoder>(*model.weights, stream, static_cast<int32_t>(blocks),
                                                        engine.max_sequences + engine.prefill_chunk);
  HONE_TRY_ASSIGN(rollout::Engine made, rollout::Engine::create(*decoder, engine));
  return AnswerSampler(model.tokenizer, options, std::move(decoder), std::move(made));
}

Result<void> AnswerSampler::submit(size_t place, const Prompt& prompt) {
  rollout::GroupRequest request;
  request.id = place;
  request.prompt = prompt;
  request.key = options_.key;
  request.serial = static_cast<uint32_t>(place);
  request.num_samples = static_cast<uint32_t>(options_.answers);
  request.params = options_.params;
  request.max_new_tokens = options_.max_new_tokens;
  request.stop = options_.stop;
  request.tokenizer = tokenizer_.get();
  return engine_.submit(std::move(request));
}

Result<void> AnswerSampler::run(const std::function<void(const rollout::FinishedAnswer&)>& on_answer) {
  while (engine_.has_work()) {
    HONE_TRY_ASSIGN(const std::vector<rollout::FinishedAnswer> answers, engine_.step());
    for (const rollout::FinishedAnswer& answer : answers) on_answer(answer);
  }
  return {};
}

}  // namespace hone::cli
