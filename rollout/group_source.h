// Groups of answers for training and evaluation: the port rl::RolloutSource over the engine.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "rl/ports.h"
#include "rollout/engine.h"

namespace hone::rollout {

struct GroupSourceOptions {
  int32_t group_size = 1;
  policy::SamplingParams params;
  int32_t max_new_tokens = 1;
  StopRule stop;
  uint64_t key = 0;  // mix64(seed, stage, purpose)
};

// What the source asks of others. Called by the thread that calls the source.
struct GroupSourceCallbacks {
  std::function<Result<rl::Prompt>(uint64_t serial)> prompt;
  std::function<int64_t()> version;  // updates made to the policy; does not change while answers are in flight
};

class GroupSource : public rl::RolloutSource {
 public:
  // The tokenizer must outlive the source. The text of a sample holds the stop text that ended it.
  GroupSource(Engine engine, const policy::Tokenizer& tokenizer, GroupSourceOptions options,
              GroupSourceCallbacks callbacks);

  // On an error the groups before the one at fault are in flight.
  Result<void> issue(uint64_t first_serial, int count) override;
  Result<std::optional<rl::FinishedSample>> next() override;

  const EngineCounters& counters() const { return engine_.counters(); }

 private:
  struct Issued {
    std::shared_ptr<const rl::Prompt> prompt;
    int32_t unfinished = 0;
  };
  Result<void> issue_one(uint64_t serial);
  rl::FinishedSample make_sample(const FinishedAnswer& answer);
  std::shared_ptr<const rl::Prompt> prompt_of(uint64_t serial);

  Engine engine_;
  const policy::Tokenizer* tokenizer_;
  GroupSourceOptions options_;
  GroupSourceCallbacks callbacks_;
  std::unordered_map<uint64_t, Issued> issued_;  // by serial
  std::deque<rl::FinishedSample> finished_;
};

}  // namespace hone::rollout
