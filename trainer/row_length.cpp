#include "trainer/row_length.h"

#include "trainer/prompt_template.h"

namespace hone::trainer {
namespace {

Error in_field(Error error, const char* field) {
  error.field = field;
  return error;
}

}  // namespace

Result<rl::SupervisedRow> encode_row(const policy::Tokenizer& tokenizer, const rl::Problem& problem) {
  rl::SupervisedRow row;
  if (tokenizer.eos() < 0) return Error{.message = "has no <eos>, which ends a completion", .field = "tokenizer"};
  auto prompt = encode_prompt(tokenizer, problem);
  if (!prompt.ok()) return in_field(prompt.error(), "prompt");
  auto completion = tokenizer.encode(problem.completion);
  if (!completion.ok()) return in_field(completion.error(), "completion");
  row.prompt = std::move(*prompt);
  row.completion = std::move(*completion);
  row.completion.push_back(tokenizer.eos());
  return row;
}

RowLength::RowLength(const StageConfig& stage, int64_t max_positions,
                     std::shared_ptr<const policy::Tokenizer> tokenizer)
    : imitated_(stage.kind != StageKind::kGrpo), too_long_(stage.data.too_long), tokenizer_(std::move(tokenizer)) {
  // The last token of a sequence is never an input.
  most_ = imitated_ ? max_positions + 1 : max_positions + 1 - stage.max_new_tokens;
  limit_ = imitated_ ? str("the policy takes ", most_)
                     : str("the policy leaves room for ", most_, " before ", stage.max_new_tokens, " new ones");
  if (stage.data.max_tokens == 0 || stage.data.max_tokens > most_) return;
  most_ = stage.data.max_tokens;
  limit_ = str("data.max_tokens is ", most_);
}

Result<bool> RowLength::admit(const rl::Problem& problem) const {
  int64_t prompt = 0, completion = 0;
  if (imitated_) {
    HONE_TRY_ASSIGN(const rl::SupervisedRow row, encode_row(*tokenizer_, problem));
    prompt = static_cast<int64_t>(row.prompt.size()), completion = static_cast<int64_t>(row.completion.size());
  } else {
    const auto tokens = encode_prompt(*tokenizer_, problem);
    if (!tokens.ok()) return in_field(tokens.error(), "prompt");
    prompt = static_cast<int64_t>(tokens->size());
  }
  if (prompt + completion <= most_) return true;
  if (too_long_ == TooLong::kDrop) return false;
  const std::string parts = imitated_ ? str(", ", prompt, " in the prompt and ", completion, " in the completion") : "";
  return Error{.message = str("has ", prompt + completion, " tokens", parts, "; ", limit_, " (too_long: drop leaves "
                              "such rows out)"),
               .field = imitated_ ? "row" : "prompt"};
}

}  // namespace hone::trainer
