// Where a stage's problems come from: a generated task, or a JSONL file of the user's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "rewards/tasks/task.h"
#include "rl/types.h"

namespace hone::trainer {

// Endless: problem i for every i, a pure function of the options and i. Owned by one thread.
class ProblemSource {
 public:
  virtual ~ProblemSource() = default;
  virtual Result<rl::Problem> at(uint64_t index) = 0;
  // Rows of the file, after which problems repeat; nullopt for a task.
  virtual std::optional<uint64_t> rows() const = 0;
};

// Text with "{prompt}" where the problem's prompt goes; empty: the prompt alone.
struct PromptTemplate {
  std::string text;
};
Result<std::string> render(const PromptTemplate& prompt_template, const std::string& prompt);

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

// Names of the columns in the file. Other columns reach the checkers as extra_info.
struct Columns {
  std::string prompt = "prompt";
  std::string gold = "gold";
  std::string completion = "completion";
  std::string data_source = "data_source";
};

struct FileSourceOptions {
  std::string path;
  Columns columns;
  bool need_gold = true;
  bool need_completion = false;
  bool shuffle = true;  // a new order each epoch; else the order of the file
  uint64_t key = 0;     // mix64(seed, stage, Purpose::kShuffle)
  PromptTemplate prompt_template;
  // Asked of every row, as `at` would return it; an Error's field and message are reported with the row's line.
  std::function<Result<void>(const rl::Problem&)> check_row;
};
// Reads and checks every line. The Error holds up to 20 problems, "file:line: field: problem", one a line of text.
Result<std::unique_ptr<ProblemSource>> make_file_source(const FileSourceOptions& options);

}  // namespace hone::trainer
