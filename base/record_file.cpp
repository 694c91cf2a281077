#include "base/record_file.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace hone {
namespace {

constexpr std::string_view kFileMagic = "HONEREC1";
constexpr uint32_t kRecordMagic = 0x44524F48;  // "HORD"
constexpr size_t kHeaderBytes = 16;

uint64_t record_checksum(std::span<const std::byte> payload) {
  Sha256 hash;
  hash.update_u64(payload.size());
  hash.update(payload);
  return ByteReader(hash.finish()).u64();
}

// The payload of the record that begins at the front of `bytes`; data() is null if no good record does.
std::span<const std::byte> good_record(std::span<const std::byte> bytes) {
  ByteReader header(bytes);
  const uint32_t magic = header.u32(), length = header.u32();
  const uint64_t checksum = header.u64();
  if (!header.ok() || magic != kRecordMagic || length > bytes.size() - kHeaderBytes) return {};
  const std::span<const std::byte> payload = bytes.subspan(kHeaderBytes, length);
  return record_checksum(payload) == checksum ? payload : std::span<const std::byte>{};
}

// Whether a good record begins anywhere in `bytes`.
bool holds_record(std::span<const std::byte> bytes) {
  std::string magic;
  put_u32(magic, kRecordMagic);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (size_t at = text.find(magic); at != std::string_view::npos; at = text.find(magic, at + 1)) {
    if (good_record(bytes.subspan(at)).data() != nullptr) return true;
  }
  return false;
}

// A file whose magic was cut off or never reached the disk; anything else is not ours to cut.
bool torn_start(std::span<const std::byte> bytes) {
  const std::span<const std::byte> magic = as_bytes(kFileMagic);
  if (bytes.size() < magic.size() && std::ranges::equal(bytes, magic.first(bytes.size()))) return true;
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

Error damaged(const std::string& path, int64_t offset) {
  return Error{.code = ErrorCode::kCorrupt, .message = str("damaged at byte ", offset), .file = path};
}

}  // namespace

Result<RecordScan> scan_records(const std::string& path, const RecordVisitor& visit) {
  HONE_TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  std::span<const std::byte> rest = file.bytes();
  RecordScan scan;
  if (torn_start(rest)) return RecordScan{0, 0, static_cast<int64_t>(rest.size())};
  if (rest.size() < kFileMagic.size() || !std::ranges::equal(rest.first(kFileMagic.size()), as_bytes(kFileMagic))) {
    return damaged(path, 0);
  }
  rest = rest.subspan(kFileMagic.size());
  scan.good_bytes = static_cast<int64_t>(kFileMagic.size());
  for (auto payload = good_record(rest); payload.data() != nullptr; payload = good_record(rest)) {
    HONE_TRY(visit(payload));
    ++scan.records;
    scan.good_bytes += static_cast<int64_t>(kHeaderBytes + payload.size());
    rest = rest.subspan(kHeaderBytes + payload.size());
  }
  if (holds_record(rest)) return damaged(path, scan.good_bytes);
  scan.torn_bytes = static_cast<int64_t>(rest.size());
  return scan;
}

Result<RecordFile> RecordFile::open(const std::string& path, const RecordVisitor& visit, int64_t vouched_bytes) {
  HONE_TRY_ASSIGN(AppendFile file, AppendFile::open(path));
  HONE_TRY_ASSIGN(const RecordScan scan, scan_records(path, visit));
  if (scan.good_bytes < vouched_bytes) return damaged(path, scan.good_bytes);
  HONE_TRY(file.truncate_to(scan.good_bytes));
  if (scan.good_bytes == 0) HONE_TRY(file.append(as_bytes(kFileMagic)));
  return RecordFile(std::move(file), scan);
}

Result<void> RecordFile::append(std::span<const std::byte> payload) {
  HONE_CHECK_LT(payload.size(), size_t{1} << 31);
  std::string record;
  record.reserve(kHeaderBytes + payload.size());
  put_u32(record, kRecordMagic);
  put_u32(record, static_cast<uint32_t>(payload.size()));
  put_u64(record, record_checksum(payload));
  record.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  return file_.append(as_bytes(record));
}

}  // namespace hone
