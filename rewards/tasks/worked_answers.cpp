#include "rewards/tasks/worked_answers.h"

#include "base/json.h"

namespace hone::rewards {

void write_worked_answers(const Task& task, uint64_t count, uint64_t seed, std::ostream& out) {
  // A stage number that no pipeline reaches: the rows are not those of a stage with the same seed.
  constexpr uint64_t kStage = UINT64_MAX;
  const uint64_t key = mix64(seed, kStage, Purpose::kTask);
  for (uint64_t i = 0; i < count; ++i) {
    const rl::Problem problem = draw_problem(task, key, i, Split::kTraining, {.chain_share = 1});
    const nlohmann::ordered_json row = {{"prompt", problem.prompt},
                                        {"gold", nlohmann::ordered_json::parse(problem.gold)},
                                        {"completion", problem.completion}};
    out << row.dump() << '\n';
  }
}

}  // namespace hone::rewards
