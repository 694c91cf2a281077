// Where a stage's problems come from: a generated task, or files of the user's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "rewards/tasks/task.h"
#include "rl/types.h"
#include "trainer/data_format.h"
#include "trainer/prompt_template.h"

namespace hone::trainer {

// Endless: problem i for every i, a pure function of the options and i. Owned by one thread.
class ProblemSource {
 public:
  virtual ~ProblemSource() = default;
  virtual Result<rl::Problem> at(uint64_t index) = 0;
  // Rows of the files, after which problems repeat; nullopt for a task.
  virtual std::optional<uint64_t> rows() const = 0;
};

struct TaskSourceOptions {
  std::string task;
  int difficulty = 1;
  uint64_t key = 0;  // mix64(seed, stage, Purpose::kTask); Purpose::kEval for evaluation
  rewards::Split split = rewards::Split::kTraining;
  rewards::CorpusOptions corpus;    // before late_from
  rewards::CorpusOptions late;      // from problem late_from on
  uint64_t late_from = UINT64_MAX;  // an index
  PromptTemplate prompt_template;
};
Result<std::unique_ptr<ProblemSource>> make_task_source(const TaskSourceOptions& options);

// The rows of files; trainer/data_files.h says what a path may be, trainer/data_format.h what the columns mean.
struct FileSourceOptions {
  std::string path;
  DataFormat format = DataFormat::kAuto;
  Columns columns;
  DataNeeds needs = {.gold = true};
  PromptTemplate prompt_template;
  std::string completion_template;  // {completion} and {gold} stand for the row's; "": the format's own
  bool shuffle = true;              // a new order each epoch; else the order of the files
  uint64_t key = 0;                 // mix64(seed, stage, Purpose::kShuffle)
  uint64_t max_rows = UINT64_MAX;   // later rows are not read
  std::string sha256;               // of the files, which must be these; "": any
  // Asked of every row, as `at` would return it, from several threads: true keeps the row, false leaves it out. An
  // Error's field and message are reported with the row's place.
  std::function<Result<bool>(const rl::Problem&)> admit;
  int threads = 1;
};

// What reading the files has shown.
struct FileSourceReport {
  DataFormat format = DataFormat::kAuto;
  int64_t files = 0, rows = 0, left_out = 0;
  int64_t bytes = 0;  // of memory that the rows take
};

// Reads and checks every row. The Error holds up to 20 problems, each with its place, one a line of text.
Result<std::unique_ptr<ProblemSource>> make_file_source(const FileSourceOptions& options,
                                                        FileSourceReport* report = nullptr);

}  // namespace hone::trainer
