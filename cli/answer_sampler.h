// Answers to many prompts at once: one sampling engine over one cache.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "kernels/backend.h"
#include "policy/paged_decoder.h"
#include "rollout/engine.h"
#include "trainer/model.h"

namespace hone::cli {

struct AnswerOptions {
  int32_t answers = 1;  // to each prompt
  policy::SamplingParams params;
  int32_t max_new_tokens = 64;
  rollout::StopRule stop;
  uint64_t key = 0;  // of the random numbers; the prompt's place in the batch is the serial
  rollout::EngineConfig engine;
};

// Owned by one thread; the model must outlive it.
class AnswerSampler {
 public:
  using Prompt = std::shared_ptr<const std::vector<int32_t>>;  // null: leave the place out

  // The cache fits all prompts at once, or as many as kCacheBytes hold.
  static Result<AnswerSampler> create(const trainer::Model& model, const AnswerOptions& options,
                                      const std::vector<Prompt>& prompts, const kernels::Stream& stream);

  // Queues the prompt of that place. Error kInvalid: it does not fit; the others are not affected.
  Result<void> submit(size_t place, const Prompt& prompt);

  // Samples to the end; calls `on_answer` as each answer ends, with the prompt's place as id. Error kGuard: the policy
  // gave a value that is not finite.
  Result<void> run(const std::function<void(const rollout::FinishedAnswer&)>& on_answer);

 private:
  AnswerSampler(std::shared_ptr<const policy::Tokenizer> tokenizer, AnswerOptions options,
                std::unique_ptr<policy::PagedDecoder> decoder, rollout::Engine engine)
      : tokenizer_(std::move(tokenizer)),
        options_(std::move(options)),
        decoder_(std::move(decoder)),
        engine_(std::move(engine)) {}

  std::shared_ptr<const policy::Tokenizer> tokenizer_;
  AnswerOptions options_;
  std::unique_ptr<policy::PagedDecoder> decoder_;
  rollout::Engine engine_;
};

}  // namespace hone::cli
