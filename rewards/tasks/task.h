// Generated problems: endless, with exact answers, each a pure function of (key, item).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
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

// How an answer was judged: correct, wrong, parse_error, limit or gold_error.
struct Judgement {
  rl::Verdict verdict = rl::Verdict::kGoldError;
  std::string canonical;       // the form in which the answer was compared
  std::string gold_canonical;  // the same of the gold; empty where many answers are right
  std::string reason;          // one line for people; may be empty
};

// Threads share a task.
class Task {
 public:
  virtual ~Task() = default;
  virtual std::string_view name() const = 0;
  // Every character that prompts, chains and answers are made of; UTF-8.
  virtual std::string_view characters() const = 0;
  // Difficulties go from 1 to levels().
  virtual int levels() const { return 1; }
  // At every difficulty at least 1,000 different prompts are about as likely as each other. Requires
  // 1 <= difficulty <= levels().
  virtual Question question(PhiloxStream& random, int difficulty = 1) const = 0;
  // Judges an answer, trimmed and at most kMaxAnswer bytes, without anything around it: text that does not belong to
  // the answer is a parse_error. By default the gold is a text, and equal canonical forms are right.
  virtual Judgement judge(const nlohmann::json& gold, std::string_view answer) const;

 protected:
  // One text for all ways to write an answer; nullopt for what is no answer. By default the text itself.
  virtual std::optional<std::string> canonical(std::string_view answer) const { return std::string(answer); }
};
inline constexpr size_t kMaxAnswer = 4096;

Result<const Task*> find_task(std::string_view name);
std::span<const Task* const> tasks();

// Every prompt belongs to one side for good, by its hash: one in 16 is held out for evaluation.
enum class Split { kTraining, kHeldOut };
Split split_of(std::string_view prompt);

// Problem `item` of the stream `key`: the first question of that side that the stream (key, item) draws, with a
// completion (without <eos>). What is asked does not depend on the options. Requires 1 <= difficulty <= task.levels().
rl::Problem draw_problem(const Task& task, uint64_t key, uint64_t item, Split split, const CorpusOptions& options,
                         int difficulty = 1);

}  // namespace hone::rewards
