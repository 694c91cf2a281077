#include "base/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json.h"
#include "tests/support/temp_dir.h"

namespace hone {
namespace {

using testing::TempDir;

MetricsRow row_of(int64_t step) {
  MetricsRow row;
  row.set("stage", "zero");
  row.set("step", step);
  row.set("loss", 0.5);
  return row;
}

TEST(MetricsRow, KeepsTheOrderOfItsNames) {
  EXPECT_EQ(*row_of(3).to_json(), R"({"stage": "zero", "step": 3, "loss": 0.5})");
  EXPECT_EQ(*MetricsRow().to_json(), "{}");
}

TEST(MetricsRow, PrintsNumbersThatParseBackToTheSameBits) {
  for (double value : {0.1, 1.0, -0.0, 1e300, 5e-324, 1.0 / 3, 123456789.123456789}) {
    MetricsRow row;
    row.set("x", value);
    const double parsed = nlohmann::json::parse(*row.to_json())["x"];
    EXPECT_EQ(parsed, value);
    EXPECT_EQ(std::signbit(parsed), std::signbit(value));
  }
}

TEST(MetricsRow, RefusesNumbersThatAreNotFinite) {
  for (double value : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    MetricsRow row = row_of(1);
    row.set("grad_norm", value);
    ASSERT_FALSE(row.to_json().ok());
    EXPECT_EQ(row.to_json().error().code, ErrorCode::kGuard);
    EXPECT_EQ(row.to_json().error().field, "grad_norm");
  }
}

TEST(MetricsRow, TakesAnyBytesAsText) {
  MetricsRow row;
  row.set("detail", std::string("a\"\n\xff"));
  EXPECT_EQ(nlohmann::json::parse(*row.to_json())["detail"], "a\"\n\uFFFD");
}

TEST(MetricsWriter, WritesOneLineARow) {
  const TempDir dir;
  Result<MetricsWriter> writer = MetricsWriter::open(dir.file("m"));
  ASSERT_TRUE(writer->write(row_of(1)).ok());
  ASSERT_TRUE(writer->write(row_of(2)).ok());
  EXPECT_EQ(*read_file(dir.file("m")), *row_of(1).to_json() + "\n" + *row_of(2).to_json() + "\n");
}

TEST(MetricsWriter, WritesNothingOfARefusedRow) {
  const TempDir dir;
  Result<MetricsWriter> writer = MetricsWriter::open(dir.file("m"));
  MetricsRow bad;
  bad.set("loss", std::nan(""));
  EXPECT_FALSE(writer->write(bad).ok());
  EXPECT_EQ(writer->offset(), 0);
}

TEST(MetricsWriter, CutsRowsPastAnOffset) {
  const TempDir dir;
  int64_t offset = 0;
  {
    Result<MetricsWriter> writer = MetricsWriter::open(dir.file("m"));
    ASSERT_TRUE(writer->write(row_of(1)).ok());
    offset = writer->offset();
    ASSERT_TRUE(writer->write(row_of(2)).ok());
  }
  Result<MetricsWriter> writer = MetricsWriter::open(dir.file("m"));
  EXPECT_EQ(*writer->cut_to(offset), 0);
  ASSERT_TRUE(writer->write(row_of(3)).ok());
  EXPECT_EQ(*read_file(dir.file("m")), *row_of(1).to_json() + "\n" + *row_of(3).to_json() + "\n");
}

TEST(MetricsWriter, SaysHowMuchIsMissing) {
  const TempDir dir;
  Result<MetricsWriter> writer = MetricsWriter::open(dir.file("m"));
  ASSERT_TRUE(writer->write(row_of(1)).ok());
  EXPECT_EQ(*writer->cut_to(writer->offset() + 7), 7);
}

TEST(MetricsWriter, DropsALineThatAKillLeftUnfinished) {
  const TempDir dir;
  const std::string whole = *row_of(1).to_json() + "\n";
  for (size_t extra = 0; extra < whole.size(); ++extra) {
    ASSERT_TRUE(write_file_atomic(dir.file("m"), whole + whole.substr(0, extra)).ok());
    EXPECT_EQ(MetricsWriter::open(dir.file("m"))->offset(), static_cast<int64_t>(whole.size()));
  }
}

TEST(Event, HasTheNamesOfEventsJsonl) {
  EXPECT_EQ(*to_row({1.5, "zero", 7, "resume", "from zero-6"}).to_json(),
            R"({"time": 1.5, "stage": "zero", "step": 7, "event": "resume", "detail": "from zero-6"})");
}

}  // namespace
}  // namespace hone
