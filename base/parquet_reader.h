// Rows of Parquet files as JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hone {

// Reads rows in the file's order, one page of each column in memory at a time. Columns become:
//   booleans, numbers, strings, JSON   the same in JSON (a JSON column is the text it holds); NaN and infinities: null
//   structs, lists, maps               objects, arrays, objects whose keys are the map's as texts
//   decimal                            string, "-12.340"
//   date                               string, "2024-02-29"
//   time, timestamp                    string, "13:45:00.123456", "2024-02-29T13:45:00.123456Z" (Z: the file says UTC)
//   binary, fixed binary               string in base64
//   missing values                     null
// Every Error names the file, and as field the column where one is at fault. Owned by one thread.
class ParquetReader {
 public:
  static Result<ParquetReader> open(const std::string& path);
  ParquetReader(ParquetReader&&) noexcept;
  ParquetReader& operator=(ParquetReader&&) noexcept;
  ~ParquetReader();

  int64_t rows() const;                             // of the whole file
  const std::vector<std::string>& columns() const;  // names at the top level, in the file's order

  // The next row, an object; nothing after the last.
  Result<std::optional<nlohmann::json>> next();

 private:
  class State;
  explicit ParquetReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hone
