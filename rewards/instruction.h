// Checker "instruction": whether a response follows instructions that rules can verify, IFEval's (arXiv 2311.07911).
// 23 of its 25 kinds; number_sentences and response_language need models of language and are a gold_error. Where IFEval
// takes a keyword as a regular expression, here it is a text; capital words are what stands between white space.
#pragma once

#include "rewards/checker.h"
#include "rewards/prose.h"
#include "rewards/registry.h"

namespace hone::rewards {

enum class InstructionFrom { kGold, kExtraInfo };
std::span<const char* const> enum_names(InstructionFrom);
enum class InstructionReading { kStrict, kLoose };
std::span<const char* const> enum_names(InstructionReading);
enum class InstructionScore { kAll, kShare };
std::span<const char* const> enum_names(InstructionScore);

// One instruction with its arguments: whether a response follows it.
using InstructionRule = std::function<bool(std::string_view response)>;

// Example: ("length_constraints:number_words", {"num_words": 50, "relation": "at least"}). Arguments that are null are
// absent. Error for an unknown kind, and for an argument that is missing or of the wrong form.
Result<InstructionRule> make_instruction(const std::string& id, const nlohmann::json& arguments);

// The instructions stand in gold or extra_info as in IFEval's data:
//   {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
// Correct when all are followed. A blank response follows none. What is judged is the answer, without <answer> tags.
class InstructionChecker final : public Checker {
 public:
  struct Options {
    InstructionFrom from = InstructionFrom::kGold;
    TextPart part = TextPart::kAnswer;
    InstructionReading reading = InstructionReading::kStrict;  // loose: also without the first line, the last, and '*'
    InstructionScore score = InstructionScore::kAll;           // all: 1 or 0; share: the share that is followed
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
  Result<void> check_gold(const nlohmann::json& gold) const override;
  CheckResult check(const CheckInput& input) const override;

 private:
  explicit InstructionChecker(const Options& options) : options_(options) {}
  const Options options_;
};

}  // namespace hone::rewards
