// A policy ready to sample: decoder, cache and engine planned for a set of prompts.
#pragma once

#include <functional>
#include <memory>

#include "policy/paged_decoder.h"
#include "rollout/group_source.h"
#include "trainer/model.h"

namespace hone::trainer {

struct SamplerRequest {
  rollout::GroupSourceOptions options;
  int64_t longest_prompt = 1;  // tokens; prompts may turn out longer, then fewer sequences run at a time
  std::function<Result<rl::Prompt>(uint64_t serial)> prompt;
  std::function<int64_t()> version;
};

// The decoder reads the model's weights as they are at each step; the model must outlive the sampler.
class Sampler {
 public:
  static Result<std::unique_ptr<Sampler>> create(const Model& model, const RolloutSection& rollout,
                                                 SamplerRequest request, const kernels::Stream& stream);
  rollout::GroupSource& source() { return *source_; }

 private:
  Sampler() = default;
  std::unique_ptr<policy::PagedDecoder> decoder_;
  std::unique_ptr<rollout::GroupSource> source_;
};

// Blocks of the cache: rollout.cache_tokens, or enough for max_sequences of that length and for one of max_positions,
// in at most a quarter of the memory that the weights (and what trains them) leave; but always one sequence of that
// length.
int32_t plan_cache_blocks(const Model& model, const RolloutSection& rollout, int64_t sequence_tokens);

// Tokenizer::encode_prompt: how every text prompt becomes tokens, in training, evaluation and on the command line.
Result<std::vector<int32_t>> encode_prompt(const policy::Tokenizer& tokenizer, const std::string& text);

// Every <eos> that the model's config.json or its tokenizer names.
std::vector<int32_t> eos_tokens(const Model& model);

enum class Eos { kStops, kIgnored };

// What ends an answer of the policy: the texts, and every <eos>. A text that is a control token stops at the token too.
// Error (field stop): an empty text, one that is not UTF-8, one that holds a control token among other
// text, or any where the model has no tokenizer.
Result<rollout::StopRule> stop_rule(const Model& model, const std::vector<std::string>& texts, Eos eos = Eos::kStops);

}  // namespace hone::trainer
