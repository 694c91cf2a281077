// Worked answers of a task as JSON lines: the data of a cold start.
#pragma once

#include <cstdint>
#include <ostream>

#include "rewards/tasks/task.h"

namespace hone::rewards {

// Writes `count` rows {"prompt", "gold", "completion"}, every completion well-formed and with its chain, none of a
// prompt that is held out. Rows are a pure function of (task, seed). The caller checks the stream.
void write_worked_answers(const Task& task, uint64_t count, uint64_t seed, std::ostream& out);

}  // namespace hone::rewards
