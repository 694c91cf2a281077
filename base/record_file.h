// An append-only file of checksummed records:
//   file   = "HONEREC1" record*
//   record = magic u32 | length u32 | hash64(length, payload) u64 | payload       (little-endian)
// A record is whole or absent. Requires of the writer: sync() before the next append() wherever a record must not be
// lost alone; then a bad record at the end is one that was never acknowledged, and a bad record before a good one is
// damage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace hone {

// Called for each record in order; the bytes live for the call. An Error ends the scan and is returned.
using RecordVisitor = std::function<Result<void>(std::span<const std::byte> payload)>;

struct RecordScan {
  int64_t records = 0;
  int64_t good_bytes = 0;  // length of the file up to the end of the last good record
  int64_t torn_bytes = 0;  // what follows: the remains of a write that did not finish
};

// Reads without changing anything. Error kCorrupt with the offset for damage before the end.
Result<RecordScan> scan_records(const std::string& path, const RecordVisitor& visit);

// Owned by one thread.
class RecordFile {
 public:
  // Opens or creates; a torn end is cut off. `scan` of what was found, `vouched_bytes`: length that is known to have
  // been acknowledged; Error kCorrupt when less than that is good.
  static Result<RecordFile> open(const std::string& path, const RecordVisitor& visit, int64_t vouched_bytes = 0);

  // Requires payload.size() < 2^31.
  Result<void> append(std::span<const std::byte> payload);
  Result<void> sync() { return file_.sync(); }
  int64_t size() const { return file_.size(); }
  const std::string& path() const { return file_.path(); }
  const RecordScan& found() const { return found_; }  // by open

 private:
  RecordFile(AppendFile file, RecordScan found) : file_(std::move(file)), found_(found) {}
  AppendFile file_;
  RecordScan found_;
};

}  // namespace hone
