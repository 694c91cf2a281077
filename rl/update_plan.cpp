#include "rl/update_plan.h"

#include "base/check.h"
#include "rl/pack.h"
#include "rl/token_weights.h"

namespace hone::rl {
namespace {

std::vector<SampleTokens> sample_tokens(std::span<const TrainedGroup> groups, bool mask_truncated) {
  std::vector<SampleTokens> result;
  for (const TrainedGroup& trained : groups) {
    for (const Sample& sample : trained.group->samples) {
      const bool masked = mask_truncated && sample.finish == FinishReason::kLength;
      result.push_back({trained.group->prompt->serial, static_cast<int64_t>(sample.tokens.size()), masked});
    }
  }
  return result;
}

// The batches of one update. A masked sample keeps its place in `counts` and is not packed.
std::vector<TokenBatch> update_batches(std::span<const TrainedGroup> groups, const GrpoConfig& config) {
  const std::vector<SampleTokens> counts = sample_tokens(groups, config.mask_truncated);
  const std::vector<float> weights = token_weights(counts, config.aggregation, config.max_new_tokens);
  std::vector<TrainedSample> samples;
  size_t place = 0;
  for (const TrainedGroup& trained : groups) {
    HONE_CHECK_EQ(trained.advantages.size(), trained.group->samples.size());
    for (size_t i = 0; i < trained.advantages.size(); ++i, ++place) {
      if (counts[place].masked) continue;
      const auto sequence = static_cast<int32_t>(samples.size());
      samples.push_back({trained.group->prompt.get(), &trained.group->samples[i], trained.advantages[i],
                         weights[place], sequence});
    }
  }
  return pack(samples, {.token_budget = config.token_budget, .share_prompt = config.share_prompt});
}

}  // namespace

std::vector<std::vector<TokenBatch>> plan_updates(std::span<const TrainedGroup> groups, const GrpoConfig& config) {
  HONE_CHECK_LT(0, config.updates_per_rollout);
  const size_t num_updates = static_cast<size_t>(config.updates_per_rollout);
  std::vector<std::vector<TokenBatch>> plan;
  for (size_t u = 0; u < num_updates; ++u) {
    const size_t begin = u * groups.size() / num_updates, end = (u + 1) * groups.size() / num_updates;
    std::vector<TokenBatch> batches = update_batches(groups.subspan(begin, end - begin), config);
    if (!batches.empty()) plan.push_back(std::move(batches));
  }
  return plan;
}

}  // namespace hone::rl
