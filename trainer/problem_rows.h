// A JSONL file of problems, read and checked whole.
#pragma once

#include <vector>

#include "trainer/problem_source.h"

namespace hone::trainer {

// The rows in the order of the file, prompts rendered; see make_file_source. Blank lines are skipped.
Result<std::vector<rl::Problem>> read_problem_rows(const FileSourceOptions& options);

}  // namespace hone::trainer
