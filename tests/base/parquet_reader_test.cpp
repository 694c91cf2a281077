#include "base/parquet_reader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "tests/support/temp_dir.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::TempDir;

std::string golden(const std::string& name) { return HONE_SOURCE_DIR "/tests/golden/parquet/" + name + ".parquet"; }

// The rows up to the end or the first error, which is given too.
std::pair<std::vector<json>, std::optional<Error>> read(const std::string& path) {
  std::vector<json> rows;
  auto reader = ParquetReader::open(path);
  if (!reader) return {rows, reader.error()};
  while (true) {
    auto row = reader->next();
    if (!row) return {rows, row.error()};
    if (!*row) return {rows, {}};
    rows.push_back(std::move(**row));
  }
}

// Written by pyarrow: every type, nested ones, missing values at every level, two row groups.
TEST(ParquetReader, RowsAreJson) {
  const auto [rows, error] = read(golden("types"));
  ASSERT_FALSE(error) << error->to_string();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], json::parse(R"({
    "data_source": "gsm8k", "prompt": [{"role": "user", "content": "1+1? ünï \"q\""}],
    "reward_model": {"ground_truth": "2", "style": null}, "tags": [["a"], []], "extra": {"k": 1, "l": null},
    "i8": -1, "u64": 0, "f32": 0.1, "f64": 0.1, "flag": true, "price": "-12.340", "day": "2024-02-29",
    "at": "2024-02-29T13:15:00.123456Z", "local": "2024-02-29T13:15:00.123456789", "clock": "13:45:00.123456",
    "raw": "AP8QYQ=="})"));
  EXPECT_EQ(rows[1], json::parse(R"({
    "data_source": "math", "prompt": [], "reward_model": {"ground_truth": "3", "style": "rule"}, "tags": null,
    "extra": {}, "i8": 0, "u64": 1, "f32": null, "f64": 1e300, "flag": false, "price": "0.001", "day": "1969-12-31",
    "at": "1969-12-31T23:59:59.999999Z", "local": "1970-01-01T00:00:00", "clock": "00:00:00", "raw": ""})"));
  EXPECT_EQ(rows[2], json::parse(R"({
    "data_source": null, "prompt": null, "reward_model": null, "tags": [null, ["b", null]], "extra": null, "i8": 127,
    "u64": 18446744073709551615, "f32": null, "f64": null, "flag": null, "price": null, "day": null, "at": null,
    "local": null, "clock": null, "raw": null})"));
}

TEST(ParquetReader, KnowsRowsAndColumns) {
  const auto reader = ParquetReader::open(golden("snappy"));
  ASSERT_TRUE(reader.ok()) << reader.error().to_string();
  EXPECT_EQ(reader.value().rows(), 1000);
  EXPECT_EQ(reader.value().columns(), (std::vector<std::string>{"n", "s"}));
}

TEST(ParquetReader, ReadsEveryCodecAndRowGroup) {
  for (const char* codec : {"snappy", "gzip", "brotli", "lz4", "none"}) {
    const auto [rows, error] = read(golden(codec));
    ASSERT_FALSE(error) << codec << ": " << error->to_string();
    ASSERT_EQ(rows.size(), 1000u) << codec;
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(rows[i], (json{{"n", i}, {"s", str("row ", i % 7)}})) << codec;
  }
  EXPECT_EQ(read(golden("v2")).first.back(), (json{{"n", 9}}));
}

TEST(ParquetReader, NamesTheFileOfWhatItCannotRead) {
  TempDir dir;
  const std::string path = dir.file("bad.parquet");
  for (const char* text : {"", "PAR1", "not parquet at all", "PAR1\xFF\xFF\xFF\x7FPAR1"}) {
    std::ofstream(path, std::ios::binary) << text;
    const auto [rows, error] = read(path);
    ASSERT_TRUE(error) << text;
    EXPECT_EQ(error->file, path);
  }
  EXPECT_EQ(read(dir.file("missing")).second->code, ErrorCode::kNotFound);
}

// Each byte in turn is turned over: an error or rows, never a crash.
TEST(ParquetReader, SurvivesDamage) {
  TempDir dir;
  const std::string path = dir.file("bad.parquet"), good = read_file(golden("types")).value();
  size_t errors = 0;
  for (size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(~bad[i]);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    errors += read(path).second.has_value();
  }
  EXPECT_GT(errors, good.size() / 30);
}

}  // namespace
}  // namespace hone
