// Generated problems: endless, with exact answers, each a pure function of (key, item).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/philox.h"
#include "base/result.h"
#include "rl/types.h"

namespace hone::rewards {

// What the worked answers of a corpus look like. Shares are probabilities in [0, 1], drawn for every problem.
struct CorpusOptions {
  double chain_share = 1;      // <think> holds the chain; else it is empty and the answer a leap
  double malformed_share = 0;  // the completion breaks the format in one of the ways of rewards/completion.h
};

// Example: {"63206428=", "69117131", "1", ""}
struct Question {
  std::string prompt;
  std::string chain;  // the working, step by step
  std::string answer;
  std::string gold;    // JSON for the checker; empty: the answer as a text
};

class Task {
 public:
  virtual ~Task() = default;
  virtual std::string_view name() const = 0;
  // Every character that prompts, chains and answers are made of.
  virtual std::string_view characters() const = 0;
  virtual Question question(PhiloxStream& random) const = 0;
};

Result<const Task*> find_task(std::string_view name);
std::span<const Task* const> tasks();

// Every prompt belongs to one side for good, by its hash: one in 16 is held out for evaluation.
enum class Split { kTraining, kHeldOut };
Split split_of(std::string_view prompt);

// Problem `item` of the stream `key`: the first question of that side that the stream (key, item) draws, with a
// completion (without <eos>). What is asked does not depend on the options.
rl::Problem draw_problem(const Task& task, uint64_t key, uint64_t item, Split split, const CorpusOptions& options);

}  // namespace hone::rewards
