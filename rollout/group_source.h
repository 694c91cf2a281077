// Groups of answers for training and evaluation: the port rl::RolloutSource over the engine.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
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
  std::vector<int32_t> stop_tokens;
  uint64_t key = 0;  // mix64(seed, stage, purpose)
};

using EncodeText = std::function<std::vector<rl::Token>(const std::string&)>;

// What the source asks of others. Called by the thread that calls the source.
struct GroupSourceCallbacks {
  std::function<Result<rl::Prompt>(uint64_t serial)> prompt;
  std::function<std::string(std::span<const rl::Token>)> decode;
  std::function<int64_t()> version;  // updates made to the policy; does not change while answers are in flight
};

class GroupSource : public rl::RolloutSource {
 public:
  GroupSource(Engine engine, GroupSourceOptions options, GroupSourceCallbacks callbacks);

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
  GroupSourceOptions options_;
  GroupSourceCallbacks callbacks_;
  std::unordered_map<uint64_t, Issued> issued_;  // by serial
  std::deque<rl::FinishedSample> finished_;
};

// The token that a stop text stands for. Error kInvalid: the text is not exactly one token.
Result<rl::Token> stop_token(const std::string& text, const EncodeText& encode);

}  // namespace hone::rollout
