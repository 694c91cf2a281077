#include "rewards/answer.h"

#include <cmath>

#include "rewards/tags.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

std::string number_text(const json& number) {
  constexpr double kExactIntegers = 0x1p53;
  const double value = number.get<double>();
  const bool integral = number.is_number_float() && std::abs(value) < kExactIntegers && std::trunc(value) == value;
  return integral ? std::to_string(static_cast<int64_t>(value)) : number.dump();
}

Result<std::string> gold_text(const json& gold) {
  if (gold.is_number()) return number_text(gold);
  if (!gold.is_string())
    return Error{.message = str("must be a text or a number, not ", gold.type_name()), .field = "gold"};
  const std::string_view text = trim(gold.get_ref<const std::string&>());
  if (text.empty()) return Error{.message = "is empty", .field = "gold"};
  return std::string(text);
}

CheckResult result_of(Verdict verdict, std::string reason) { return {.verdict = verdict, .reason = std::move(reason)}; }

}  // namespace

std::optional<std::string_view> after_reasoning(const CheckInput& input) {
  std::string_view completion = input.completion;
  const size_t close = completion.rfind(kThinkClose);
  const bool closed = close != completion.npos;
  if (closed) completion.remove_prefix(close + kThinkClose.size());
  if (completion.find(kThinkOpen) != completion.npos || (prompt_opens_think(input.prompt) && !closed))
    return std::nullopt;
  return completion;
}

Extraction extract_answer(const CheckInput& input) {
  if (input.bare_answer) {
    const std::string_view answer = trim(input.completion);
    return answer.empty() ? Extraction{{}, "the answer is empty"} : Extraction{answer, ""};
  }
  const auto text = after_reasoning(input);
  if (!text) return {{}, "the reasoning does not end"};
  const size_t close = text->rfind(kAnswerClose);
  if (close == text->npos) return {{}, "no </answer> after the reasoning"};
  const size_t open = text->substr(0, close).rfind(kAnswerOpen);
  if (open == text->npos) return {{}, "no <answer> before </answer>"};
  const size_t begin = open + kAnswerOpen.size();
  const std::string_view answer = trim(text->substr(begin, close - begin));
  return answer.empty() ? Extraction{{}, "the answer is empty"} : Extraction{answer, ""};
}

HONE_CHECKER("answer", AnswerChecker, "the text in <answer> equals the gold");

Result<std::unique_ptr<Checker>> AnswerChecker::make(const Options&, const CheckerContext&) {
  return std::unique_ptr<Checker>(std::make_unique<AnswerChecker>());
}

Result<void> AnswerChecker::check_gold(const json& gold) const {
  HONE_TRY(gold_text(gold));
  return {};
}

CheckResult AnswerChecker::check(const CheckInput& input) const {
  if (input.gold == nullptr) return result_of(Verdict::kGoldError, "the problem has no gold");
  const auto gold = gold_text(*input.gold);
  if (!gold) return result_of(Verdict::kGoldError, gold.error().to_string());
  const Extraction found = extract_answer(input);
  CheckResult result = result_of(Verdict::kNoAnswer, found.reason);
  result.gold_canonical = *gold;
  if (!found.answer) return result;
  result.extracted = result.canonical = std::string(*found.answer);
  const bool right = result.canonical == *gold;
  result.verdict = right ? Verdict::kCorrect : Verdict::kWrong;
  result.score = right ? 1 : 0;
  return result;
}

}  // namespace hone::rewards
