// The rows of data files, read and checked whole.
#pragma once

#include <string>

#include "trainer/problem_source.h"
#include "trainer/row_store.h"

namespace hone::trainer {

// From a row to the problem that is asked: prompt and completion in their templates. Threads may share it.
class RowRenderer {
 public:
  // `format`: that of the rows, not kAuto.
  RowRenderer(const FileSourceOptions& options, DataFormat format);
  Result<rl::Problem> render(DataRow row) const;

 private:
  PromptTemplate prompt_template_;
  std::string completion_template_;
  bool imitated_;
};

struct LoadedRows {
  RowStore rows;
  FileSourceReport report;
};

// See make_file_source. Memory: the rows once, and a batch of them while it is checked.
Result<LoadedRows> load_rows(const FileSourceOptions& options);

}  // namespace hone::trainer
