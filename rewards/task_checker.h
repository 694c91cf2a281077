// Checker "task": answers to the problems of a generated task, judged as the task itself does: many have more than one
// right answer.
#pragma once

#include "rewards/checker.h"
#include "rewards/registry.h"
#include "rewards/tasks/task.h"

namespace hone::rewards {

enum class AnswerIn { kTags, kBoxed, kLastLine };
std::span<const char* const> enum_names(AnswerIn);

class TaskChecker final : public Checker {
 public:
  struct Options {
    std::string task;  // empty: the task that the problem's data source names
    // After the reasoning: the last <answer>...</answer>, the last \boxed{...}, or the last line that is not blank.
    AnswerIn answer_in = AnswerIn::kTags;
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);
  // Any gold, unless the options name the task: which one it belongs to is known with the problem alone.
  Result<void> check_gold(const nlohmann::json& gold) const override;
  CheckResult check(const CheckInput& input) const override;

 private:
  TaskChecker(const Options& options, const Task* task) : options_(options), task_(task) {}
  const Options options_;
  const Task* const task_;  // null: see Options::task
};

}  // namespace hone::rewards
