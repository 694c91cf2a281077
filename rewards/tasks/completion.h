// The text of worked answers, and the ways in which a corpus breaks their format.
#pragma once

#include <string>

namespace hone::rewards {

enum class CompletionForm {
  kWellFormed,         // <think>chain</think><answer>a</answer>
  kNoThinkOpen,        // chain</think><answer>a</answer>
  kNoThinkClose,       // <think>chain<answer>a</answer>
  kNoAnswerOpen,       // <think>chain</think>a</answer>
  kNoAnswerClose,      // <think>chain</think><answer>a
  kNoTags,             // chain, a
  kChainAfterAnswer,   // <answer>a</answer><think>chain</think>
};
inline constexpr int kNumMalformedForms = 6;  // all but kWellFormed

std::string write_completion(CompletionForm form, const std::string& chain, const std::string& answer);

}  // namespace hone::rewards
