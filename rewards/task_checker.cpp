#include "rewards/task_checker.h"

#include "rewards/answer.h"
#include "rewards/prose.h"
#include "rewards/tags.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

constexpr const char* kPlaces[] = {"tags", "boxed", "last_line"};

// The inside of the last \boxed{...}, braces counted.
Extraction last_boxed(std::string_view text) {
  constexpr std::string_view kOpen = "\\boxed{";
  const size_t open = text.rfind(kOpen);
  if (open == text.npos) return {{}, "no \\boxed after the reasoning"};
  const std::string_view inside = text.substr(open + kOpen.size());
  int depth = 1;
  for (size_t at = 0; at < inside.size(); ++at) {
    depth += inside[at] == '{' ? 1 : inside[at] == '}' ? -1 : 0;
    if (depth == 0) return {trim(inside.substr(0, at)), ""};
  }
  return {{}, "\\boxed does not end"};
}

Extraction last_line(std::string_view text) {
  text = trim(text);
  const size_t end = text.rfind('\n');
  return {trim(end == text.npos ? text : text.substr(end + 1)), ""};
}

Extraction extract(const CheckInput& input, AnswerIn where) {
  if (input.bare_answer || where == AnswerIn::kTags) return extract_answer(input);
  const auto text = find_part(input.completion, input.prompt, TextPart::kAnswer);
  if (!text) return {{}, "the reasoning does not end"};
  Extraction found = where == AnswerIn::kBoxed ? last_boxed(*text) : last_line(*text);
  if (found.answer && found.answer->empty()) return {{}, "the answer is empty"};
  return found;
}

}  // namespace

HONE_CHECKER("task", TaskChecker, "answers to the problems of a generated task");

std::span<const char* const> enum_names(AnswerIn) { return kPlaces; }

Fields TaskChecker::Options::fields() {
  return {field("task", task, {.help = "The task whose answers are judged.", .derived = "the problem's data source"}),
          field("answer_in", answer_in, {.help = "Where in the completion the answer stands."})};
}

Result<std::unique_ptr<Checker>> TaskChecker::make(const Options& options, const CheckerContext&) {
  const Task* task = nullptr;
  if (!options.task.empty()) {
    const auto found = find_task(options.task);
    if (!found) return Error{.message = found.error().message, .field = "task"};
    task = *found;
  }
  return std::unique_ptr<Checker>(new TaskChecker(options, task));
}

Result<void> TaskChecker::check_gold(const json& gold) const {
  if (task_ == nullptr) return {};
  const Judgement judgement = task_->judge(gold, "");
  if (judgement.verdict == Verdict::kGoldError) return Error{.message = judgement.reason, .field = "gold"};
  return {};
}

CheckResult TaskChecker::check(const CheckInput& input) const {
  const Task* task = task_;
  if (task == nullptr) {
    const auto found = find_task(input.data_source);
    if (!found) return {.verdict = Verdict::kGoldError, .reason = "data_source: " + found.error().message};
    task = *found;
  }
  if (input.gold == nullptr) return {.verdict = Verdict::kGoldError, .reason = "the problem has no gold"};
  const Extraction found = extract(input, options_.answer_in);
  if (!found.answer) return {.verdict = Verdict::kNoAnswer, .reason = found.reason};
  if (found.answer->size() > kMaxAnswer)
    return {.verdict = Verdict::kLimit, .reason = str("the answer has more than ", kMaxAnswer, " bytes")};
  Judgement judgement = task->judge(*input.gold, *found.answer);
  return {.verdict = judgement.verdict,
          .score = judgement.verdict == Verdict::kCorrect ? 1.0 : 0.0,
          .extracted = std::string(*found.answer),
          .canonical = std::move(judgement.canonical),
          .gold_canonical = std::move(judgement.gold_canonical),
          .reason = std::move(judgement.reason)};
}

}  // namespace hone::rewards
