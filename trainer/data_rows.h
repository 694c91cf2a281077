// The rows of a data file as JSON objects, whatever the kind of file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hone::trainer {

// Where a row stands: a line of a .jsonl file, else the number of a row; both from 1 on.
struct RowPlace {
  std::string file;
  int64_t number = 0;
  bool is_line = false;

  // The Error of this row: "file:3: prompt: is missing", "file: row 3, prompt: is missing".
  Error of(Error error) const;
};

// What happens with a row; an Error where it is no JSON object. False: no more rows are wanted.
using VisitRow = std::function<bool(const RowPlace&, Result<nlohmann::json>)>;

// Calls `visit` for each row in the order of the file (.jsonl, .json: an array of objects, .parquet; by the ending).
// Blank lines are no rows. Memory: one row (.parquet: one row group). Error: the file cannot be read as one of its
// kind; a row that is broken is visited and the rest goes on.
Result<void> read_data_rows(const std::string& file, const VisitRow& visit);

}  // namespace hone::trainer
