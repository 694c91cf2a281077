// The judges of the tasks on any bytes: whatever the answer, a verdict; only a right answer is correct.
#include <cstdlib>
#include <vector>

#include "base/json.h"
#include "rewards/tasks/expression_value.h"
#include "rewards/tasks/task.h"

namespace hone::rewards {
namespace {

struct Case {
  const Task* task;
  nlohmann::json gold;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Task* task : tasks()) {
    const rl::Problem problem = draw_problem(*task, 1, 1, Split::kTraining, {}, task->levels());
    all.push_back({task, nlohmann::json::parse(problem.gold)});
  }
  return all;
}

}  // namespace
}  // namespace hone::rewards

// The first byte chooses the task.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone;
  static const std::vector<rewards::Case> all = rewards::cases();
  if (size == 0) return 0;
  const auto& [task, gold] = all[data[0] % all.size()];
  const std::string_view answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  const rewards::Judgement judgement = task->judge(gold, answer.substr(0, rewards::kMaxAnswer));
  if (judgement.verdict == rl::Verdict::kInfra || judgement.verdict == rl::Verdict::kTimeout) std::abort();
  const rewards::ExpressionValue value = rewards::evaluate_expression(answer);
  if (value.denominator < 1 || value.numbers.size() > answer.size()) std::abort();
  return 0;
}
