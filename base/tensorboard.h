// TensorBoard event files: TFRecord frames of hand-encoded tensorboard.Event messages
// (tensorboard/compat/proto/event.proto, summary.proto; framing as in tensorflow/core/lib/io/record_writer.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace hone {

// Owned by one thread.
class TensorBoardWriter {
 public:
  // Opens or creates directory/events.out.tfevents.0000000000.hone; what a kill left of a last record is cut off. One
  // file for the whole run, whatever the number of resumes.
  static Result<TensorBoardWriter> open(const std::string& directory);

  // One event with all scalars. wall_time in seconds since 1970.
  Result<void> scalars(double wall_time, int64_t step, const std::vector<std::pair<std::string, double>>& values);
  Result<void> text(double wall_time, int64_t step, std::string_view tag, std::string_view markdown);
  Result<void> sync() { return file_.sync(); }
  int64_t offset() const { return file_.size(); }
  // As MetricsWriter::cut_to.
  Result<int64_t> cut_to(int64_t offset);

 private:
  explicit TensorBoardWriter(AppendFile file) : file_(std::move(file)) {}
  Result<void> write_version();
  Result<void> write_record(std::string_view event);
  AppendFile file_;
};

}  // namespace hone
