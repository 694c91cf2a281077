// A checker grades one answer against its gold. It ends in a verdict, never in an exception, within time linear in its
// input.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "rl/types.h"
#include "sandboxes/sandbox.h"

namespace hone::rewards {

// Views must outlive the call. Completions are bytes from a model: any length, any bytes.
struct CheckInput {
  std::string_view prompt;
  std::string_view completion;
  const nlohmann::json* gold = nullptr;  // null: the problem has none
  std::string_view data_source;
  const nlohmann::json* extra_info = nullptr;  // null: none
  rl::FinishReason finish = rl::FinishReason::kStop;
  bool bare_answer = false;  // completion is the answer itself: nothing to extract
  // What the sampler knows; empty where a completion comes from elsewhere.
  std::span<const rl::Token> tokens;
  uint64_t serial = 0;  // of the group
  uint32_t index = 0;   // of the sample in its group
};

struct CheckResult {
  rl::Verdict verdict = rl::Verdict::kInfra;
  double score = 0;
  std::string extracted;       // the answer found in the completion
  std::string canonical;       // the form in which it was compared
  std::string gold_canonical;  // the same of the gold
  std::string reason;          // one line for people; may be empty
};

// Threads share a checker.
class Checker {
 public:
  virtual ~Checker() = default;
  // Whether the gold is one this checker can grade against; asked before training starts.
  virtual Result<void> check_gold(const nlohmann::json& gold) const = 0;
  virtual CheckResult check(const CheckInput& input) const = 0;

  // A checker that looks at a whole group at once (its answers compared with each other, or a function that takes
  // lists) says so; then check_group is called instead of check, with all samples by index. One result for each.
  virtual bool wants_group() const { return false; }
  virtual std::vector<CheckResult> check_group(std::span<const CheckInput> group) const;
};

// How many tokens the policy's tokenizer makes of a text. Called from many threads.
using TokenCounter = std::function<int64_t(std::string_view)>;

// What a checker may need besides its options.
struct CheckerContext {
  TokenCounter count_tokens;                      // empty: there is no tokenizer
  std::shared_ptr<sandboxes::Sandbox> sandbox;    // null: none was started
};

// Options: a JSON object with the checker's own keys, and for every checker "correct_at": a scored result is correct
// from that score on, else wrong. Error for an unknown name or key, or a value out of bounds.
Result<std::unique_ptr<Checker>> make_checker(std::string_view name, const nlohmann::json& options,
                                              const CheckerContext& context = {});

}  // namespace hone::rewards
