#include "rollout/group_source.h"

#include <limits>
#include <utility>

namespace hone::rollout {

GroupSource::GroupSource(Engine engine, const policy::Tokenizer& tokenizer, GroupSourceOptions options,
                         GroupSourceCallbacks callbacks)
    : engine_(std::move(engine)),
      tokenizer_(&tokenizer),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)) {
  HONE_CHECK_LT(0, options_.group_size);
}

Result<void> GroupSource::issue(uint64_t first_serial, int count) {
  for (int i = 0; i < count; ++i) HONE_TRY(issue_one(first_serial + i));
  return {};
}

Result<void> GroupSource::issue_one(uint64_t serial) {
  if (serial > std::numeric_limits<uint32_t>::max()) {
    return Error{.message = str("group ", serial, " is beyond the 2^32 groups of a stage")};
  }
  HONE_TRY_ASSIGN(rl::Prompt made, callbacks_.prompt(serial));
  const auto prompt = std::make_shared<const rl::Prompt>(std::move(made));
  GroupRequest request;
  request.id = serial;
  request.prompt = {prompt, &prompt->tokens};
  request.key = options_.key;
  request.serial = static_cast<uint32_t>(serial);
  request.num_samples = static_cast<uint32_t>(options_.group_size);
  request.params = options_.params;
  request.max_new_tokens = options_.max_new_tokens;
  request.stop = options_.stop;
  request.tokenizer = tokenizer_;
  HONE_TRY(engine_.submit(std::move(request)));
  const bool is_new = issued_.emplace(serial, Issued{prompt, options_.group_size}).second;
  HONE_CHECK(is_new, "group ", serial, " is in flight already");
  return {};
}

Result<std::optional<rl::FinishedSample>> GroupSource::next() {
  while (finished_.empty()) {
    if (!engine_.has_work()) return std::optional<rl::FinishedSample>();
    HONE_TRY_ASSIGN(std::vector<FinishedAnswer> answers, engine_.step());
    for (const FinishedAnswer& answer : answers) finished_.push_back(make_sample(answer));
  }
  std::optional<rl::FinishedSample> sample = std::move(finished_.front());
  finished_.pop_front();
  return sample;
}

rl::FinishedSample GroupSource::make_sample(const FinishedAnswer& answer) {
  rl::Sample sample;
  sample.index = answer.sample;
  sample.finish = answer.finish;
  sample.version = callbacks_.version();
  for (const policy::Draw& draw : answer.draws) {
    sample.tokens.push_back(draw.token);
    sample.logprobs.push_back(draw.logprob);
    sample.entropies.push_back(draw.entropy);
  }
  sample.text = answer_text(*tokenizer_, answer, StopText::kKeep);
  return {prompt_of(answer.id), std::move(sample)};
}

// The prompt of a group, forgotten with its last answer.
std::shared_ptr<const rl::Prompt> GroupSource::prompt_of(uint64_t serial) {
  const auto issued = issued_.find(serial);
  std::shared_ptr<const rl::Prompt> prompt = issued->second.prompt;
  if (--issued->second.unfinished == 0) issued_.erase(issued);
  return prompt;
}

}  // namespace hone::rollout
