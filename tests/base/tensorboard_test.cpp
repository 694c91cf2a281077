#include "base/tensorboard.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/bytes.h"
#include "tests/support/temp_dir.h"

namespace hone {
namespace {

using testing::TempDir;

const char* const kFileName = "events.out.tfevents.0000000000.hone";

std::string content(const TempDir& dir) { return *read_file(dir.file(kFileName)); }

// The messages of the frames; lengths only, checksums unread.
std::vector<std::string> messages(std::string_view file) {
  std::vector<std::string> found;
  while (file.size() >= 16) {
    const size_t length = ByteReader(as_bytes(file)).u64();
    found.emplace_back(file.substr(12, length));
    file.remove_prefix(16 + length);
  }
  return found;
}

TEST(TensorBoardWriter, BeginsWithTheVersionRecord) {
  const TempDir dir;
  ASSERT_TRUE(TensorBoardWriter::open(dir.path()).ok());
  const std::string file = content(dir);
  EXPECT_EQ(messages(file), std::vector<std::string>{std::string("\x09\0\0\0\0\0\0\0\0\x1a\x0d" "brain.Event:2", 24)});
  // The length and its masked CRC-32C: every event file of TensorFlow begins with these bytes.
  EXPECT_EQ(file.substr(0, 12), std::string("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22", 12));
}

TEST(TensorBoardWriter, EncodesScalarsAsSummaryValues) {
  const TempDir dir;
  Result<TensorBoardWriter> writer = TensorBoardWriter::open(dir.path());
  ASSERT_TRUE(writer->scalars(2.0, 300, {{"a", 0.5}, {"b/c", -1.0}}).ok());
  const std::string expected("\x09\0\0\0\0\0\0\0\x40" "\x10\xac\x02" "\x2a\x16"
                             "\x0a\x08\x0a\x01" "a\x15\0\0\0\x3f" "\x0a\x0a\x0a\x03" "b/c\x15\0\0\x80\xbf", 36);
  EXPECT_EQ(messages(content(dir)).at(1), expected);
}

TEST(TensorBoardWriter, RefusesNumbersThatAreNotFinite) {
  const TempDir dir;
  Result<TensorBoardWriter> writer = TensorBoardWriter::open(dir.path());
  const int64_t before = writer->offset();
  EXPECT_FALSE(writer->scalars(0, 1, {{"a", 1.0}, {"b", std::nan("")}}).ok());
  EXPECT_EQ(writer->offset(), before);
}

TEST(TensorBoardWriter, CutsATornEndAtEveryByteAndGoesOn) {
  std::string bytes;
  int64_t one = 0, two = 0;
  {
    const TempDir dir;
    Result<TensorBoardWriter> writer = TensorBoardWriter::open(dir.path());
    ASSERT_TRUE(writer->scalars(1, 1, {{"a", 1.0}}).ok());
    one = writer->offset();
    ASSERT_TRUE(writer->text(1, 1, "t", "hello").ok());
    two = writer->offset();
    bytes = content(dir);
  }
  for (int64_t length = one; length <= two; ++length) {
    const TempDir dir;
    ASSERT_TRUE(write_file_atomic(dir.file(kFileName), bytes.substr(0, static_cast<size_t>(length))).ok());
    EXPECT_EQ(TensorBoardWriter::open(dir.path())->offset(), length == two ? two : one) << length;
  }
}

TEST(TensorBoardWriter, ContinuesInOneFileAfterACut) {
  const TempDir dir;
  int64_t offset = 0;
  {
    Result<TensorBoardWriter> writer = TensorBoardWriter::open(dir.path());
    ASSERT_TRUE(writer->scalars(1, 1, {{"a", 1.0}}).ok());
    offset = writer->offset();
    ASSERT_TRUE(writer->scalars(1, 2, {{"a", 2.0}}).ok());
  }
  Result<TensorBoardWriter> writer = TensorBoardWriter::open(dir.path());
  EXPECT_EQ(*writer->cut_to(offset), 0);
  ASSERT_TRUE(writer->scalars(1, 2, {{"a", 3.0}}).ok());
  EXPECT_EQ(messages(content(dir)).size(), 3u);
  EXPECT_EQ(list_directory(dir.path())->size(), 1u);
}

}  // namespace
}  // namespace hone
