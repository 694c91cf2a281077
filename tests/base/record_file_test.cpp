#include "base/record_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace hone {
namespace {

using testing::TempDir;
using Records = std::vector<std::string>;

RecordVisitor into(Records& records) {
  return [&records](std::span<const std::byte> payload) {
    records.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
    return Result<void>();
  };
}

void overwrite(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::trunc | std::ios::binary) << content;
}

// The bytes of a file with these records, and where each record ends.
struct Written {
  std::string bytes;
  std::vector<int64_t> ends;
};

Written write_records(const Records& records) {
  const TempDir dir;
  Records none;
  Result<RecordFile> file = RecordFile::open(dir.file("r"), into(none));
  Written written;
  written.ends.push_back(file->size());
  for (const std::string& record : records) {
    EXPECT_TRUE(file->append(as_bytes(record)).ok());
    written.ends.push_back(file->size());
  }
  EXPECT_TRUE(file->sync().ok());
  written.bytes = *read_file(dir.file("r"));
  return written;
}

const Records kThree = {"first", "", std::string("third\0\xff", 7)};

TEST(RecordFile, GivesBackWhatWasWritten) {
  const TempDir dir;
  overwrite(dir.file("r"), write_records(kThree).bytes);
  Records found;
  const Result<RecordScan> scan = scan_records(dir.file("r"), into(found));
  ASSERT_TRUE(scan.ok());
  EXPECT_EQ(found, kThree);
  EXPECT_EQ(scan->records, 3);
  EXPECT_EQ(scan->torn_bytes, 0);
}

TEST(RecordFile, CutsATornEndAtEveryByteAndGoesOn) {
  const Written written = write_records(kThree);
  for (size_t length = 0; length <= written.bytes.size(); ++length) {
    const TempDir dir;
    overwrite(dir.file("r"), written.bytes.substr(0, length));
    Records found;
    Result<RecordFile> file = RecordFile::open(dir.file("r"), into(found));
    ASSERT_TRUE(file.ok()) << length;
    size_t whole = 0;
    while (whole < 3 && written.ends[whole + 1] <= static_cast<int64_t>(length)) ++whole;
    EXPECT_EQ(found, Records(kThree.begin(), kThree.begin() + static_cast<long>(whole))) << length;
    ASSERT_TRUE(file->append(as_bytes("next")).ok());
    Records again;
    ASSERT_TRUE(scan_records(dir.file("r"), into(again)).ok()) << length;
    EXPECT_EQ(again.back(), "next");
    EXPECT_EQ(again.size(), whole + 1);
  }
}

TEST(RecordFile, RefusesEveryBitFlipBeforeTheLastRecord) {
  const Written written = write_records(kThree);
  const TempDir dir;
  for (int64_t bit = 0; bit < written.ends[2] * 8; ++bit) {
    std::string flipped = written.bytes;
    flipped[static_cast<size_t>(bit / 8)] ^= static_cast<char>(1 << (bit % 8));
    overwrite(dir.file("r"), flipped);
    Records found;
    const Result<RecordScan> scan = scan_records(dir.file("r"), into(found));
    ASSERT_FALSE(scan.ok()) << bit;
    EXPECT_EQ(scan.error().code, ErrorCode::kCorrupt);
    int64_t start = 0;
    for (int64_t end : written.ends) start = end <= bit / 8 ? end : start;
    EXPECT_EQ(scan.error().message, str("damaged at byte ", start)) << bit;
  }
}

TEST(RecordFile, NeverShowsALastRecordWithAFlippedBit) {
  const Written written = write_records(kThree);
  const TempDir dir;
  for (int64_t bit = written.ends[2] * 8; bit < written.ends[3] * 8; ++bit) {
    std::string flipped = written.bytes;
    flipped[static_cast<size_t>(bit / 8)] ^= static_cast<char>(1 << (bit % 8));
    overwrite(dir.file("r"), flipped);
    Records found;
    ASSERT_TRUE(scan_records(dir.file("r"), into(found)).ok());
    EXPECT_EQ(found.size(), 2u) << bit;
    EXPECT_FALSE(RecordFile::open(dir.file("r"), into(found), written.ends[3]).ok()) << bit;
  }
}

TEST(RecordFile, DoesNotTouchAFileOfAnotherKind) {
  const TempDir dir;
  for (const char* content : {"x", "notes of mine, not records"}) {
    overwrite(dir.file("r"), content);
    Records found;
    EXPECT_FALSE(RecordFile::open(dir.file("r"), into(found)).ok());
    EXPECT_EQ(*read_file(dir.file("r")), content);
  }
}

TEST(RecordFile, TakesZeroedPagesForATornEnd) {
  const TempDir dir;
  overwrite(dir.file("r"), write_records(kThree).bytes + std::string(4096, '\0'));
  Records found;
  const Result<RecordFile> file = RecordFile::open(dir.file("r"), into(found));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->found().torn_bytes, 4096);
  EXPECT_EQ(found, kThree);
}

TEST(RecordFile, PassesOnTheVisitorsError) {
  const TempDir dir;
  overwrite(dir.file("r"), write_records(kThree).bytes);
  const auto refuse = [](std::span<const std::byte>) { return Result<void>(Error{.message = "no"}); };
  const Result<RecordScan> scan = scan_records(dir.file("r"), refuse);
  ASSERT_FALSE(scan.ok());
  EXPECT_EQ(scan.error().message, "no");
}

}  // namespace
}  // namespace hone
