#include "rewards/tasks/completion.h"

namespace hone::rewards {

std::string write_completion(CompletionForm form, const std::string& chain, const std::string& answer) {
  const std::string think = "<think>" + chain + "</think>";
  const std::string tagged = "<answer>" + answer + "</answer>";
  switch (form) {
    case CompletionForm::kWellFormed: return think + tagged;
    case CompletionForm::kNoThinkOpen: return chain + "</think>" + tagged;
    case CompletionForm::kNoThinkClose: return "<think>" + chain + tagged;
    case CompletionForm::kNoAnswerOpen: return think + answer + "</answer>";
    case CompletionForm::kNoAnswerClose: return think + "<answer>" + answer;
    case CompletionForm::kNoTags: return chain + answer;
    case CompletionForm::kChainAfterAnswer: return tagged + think;
  }
  return {};
}

}  // namespace hone::rewards
