#include "base/tensorboard.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "base/hash.h"

namespace hone {
namespace {

// Field numbers of event.proto, summary.proto, tensor.proto, tensor_shape.proto.
constexpr uint32_t kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5;
constexpr uint32_t kSummaryValue = 1;
constexpr uint32_t kValueTag = 1, kValueSimple = 2, kValueTensor = 8, kValueMetadata = 9;
constexpr uint32_t kMetadataPlugin = 1, kPluginName = 1;
constexpr uint32_t kTensorType = 1, kTensorShape = 2, kTensorStrings = 8, kShapeDim = 2, kDimSize = 1;
constexpr uint64_t kTypeString = 7;

constexpr size_t kFrameHead = 12, kFrameTail = 4;  // length and its checksum; checksum of the data

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) put_u8(out, static_cast<uint8_t>(value | 128));
  put_u8(out, static_cast<uint8_t>(value));
}
void put_key(std::string& out, uint32_t field, uint32_t wire_type) { put_varint(out, field << 3 | wire_type); }
void put_integer(std::string& out, uint32_t field, uint64_t value) {
  put_key(out, field, 0);
  put_varint(out, value);
}
void put_double(std::string& out, uint32_t field, double value) {
  put_key(out, field, 1);
  put_u64(out, std::bit_cast<uint64_t>(value));
}
void put_float(std::string& out, uint32_t field, float value) {
  put_key(out, field, 5);
  put_u32(out, std::bit_cast<uint32_t>(value));
}
void put_message(std::string& out, uint32_t field, std::string_view content) {
  put_key(out, field, 2);
  put_varint(out, content.size());
  out.append(content);
}

std::string event_head(double wall_time, int64_t step) {
  std::string event;
  put_double(event, kEventWallTime, wall_time);
  put_integer(event, kEventStep, static_cast<uint64_t>(step));
  return event;
}

std::string scalar_value(std::string_view tag, double number) {
  std::string value;
  put_message(value, kValueTag, tag);
  put_float(value, kValueSimple, static_cast<float>(number));
  return value;
}

// A string tensor of shape [1], as the text plug-in wants it.
std::string text_value(std::string_view tag, std::string_view text) {
  std::string plugin, metadata, dim, shape, tensor, value;
  put_message(plugin, kPluginName, "text");
  put_message(metadata, kMetadataPlugin, plugin);
  put_integer(dim, kDimSize, 1);
  put_message(shape, kShapeDim, dim);
  put_integer(tensor, kTensorType, kTypeString);
  put_message(tensor, kTensorShape, shape);
  put_message(tensor, kTensorStrings, text);
  put_message(value, kValueTag, tag);
  put_message(value, kValueTensor, tensor);
  put_message(value, kValueMetadata, metadata);
  return value;
}

// TFRecord's checksum: CRC-32C rotated and shifted, so that a checksum of data that holds checksums stays strong.
uint32_t masked_crc(std::span<const std::byte> bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8u; }

// Length of the frame at the front; 0 if there is no whole one.
size_t frame_length(std::span<const std::byte> bytes) {
  ByteReader head(bytes);
  const uint64_t length = head.u64();
  const uint32_t checksum = head.u32();
  if (!head.ok() || checksum != masked_crc(bytes.first(8))) return 0;
  if (bytes.size() - kFrameHead < kFrameTail || length > bytes.size() - kFrameHead - kFrameTail) return 0;
  ByteReader tail(bytes.subspan(kFrameHead + length, kFrameTail));
  return tail.u32() == masked_crc(bytes.subspan(kFrameHead, length)) ? kFrameHead + length + kFrameTail : 0;
}

int64_t whole_frames(std::span<const std::byte> bytes) {
  size_t done = 0;
  while (const size_t length = frame_length(bytes.subspan(done))) done += length;
  return static_cast<int64_t>(done);
}

}  // namespace

Result<TensorBoardWriter> TensorBoardWriter::open(const std::string& directory) {
  HONE_TRY(make_directories(directory));
  const std::string path = join_path(directory, "events.out.tfevents.0000000000.hone");
  HONE_TRY_ASSIGN(AppendFile file, AppendFile::open(path));
  HONE_TRY_ASSIGN(const MappedFile content, MappedFile::open(path));
  HONE_TRY(file.truncate_to(whole_frames(content.bytes())));
  TensorBoardWriter writer(std::move(file));
  if (writer.offset() == 0) HONE_TRY(writer.write_version());
  return writer;
}

Result<void> TensorBoardWriter::write_version() {
  std::string event;
  put_double(event, kEventWallTime, 0);
  put_message(event, kEventFileVersion, "brain.Event:2");
  return write_record(event);
}

Result<void> TensorBoardWriter::scalars(double wall_time, int64_t step,
                                        const std::vector<std::pair<std::string, double>>& values) {
  std::string summary;
  for (const auto& [tag, number] : values) {
    if (!std::isfinite(number)) {
      return Error{.code = ErrorCode::kGuard, .message = str("not finite: ", number), .field = tag};
    }
    put_message(summary, kSummaryValue, scalar_value(tag, number));
  }
  std::string event = event_head(wall_time, step);
  put_message(event, kEventSummary, summary);
  return write_record(event);
}

Result<void> TensorBoardWriter::text(double wall_time, int64_t step, std::string_view tag, std::string_view markdown) {
  std::string summary;
  put_message(summary, kSummaryValue, text_value(tag, markdown));
  std::string event = event_head(wall_time, step);
  put_message(event, kEventSummary, summary);
  return write_record(event);
}

Result<int64_t> TensorBoardWriter::cut_to(int64_t offset) {
  const int64_t kept = std::min(offset, file_.size());
  HONE_TRY(file_.truncate_to(kept));
  return offset - kept;
}

Result<void> TensorBoardWriter::write_record(std::string_view event) {
  std::string frame;
  put_u64(frame, event.size());
  put_u32(frame, masked_crc(as_bytes(frame)));
  frame.append(event);
  put_u32(frame, masked_crc(as_bytes(event)));
  return file_.append(as_bytes(frame));
}

}  // namespace hone
