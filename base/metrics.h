// metrics.jsonl and events.jsonl: one JSON object a line, one write(2) a line, so readers and kills see whole lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace hone {

// Names and values in the order they were set. A number that does not exist is not set; there is no null.
class MetricsRow {
 public:
  using Value = std::variant<int64_t, double, std::string>;

  // Requires a name that is not in the row yet.
  void set(std::string_view name, int64_t value) { add(name, value); }
  void set(std::string_view name, int value) { add(name, int64_t{value}); }
  void set(std::string_view name, double value) { add(name, value); }
  void set(std::string_view name, std::string value) { add(name, std::move(value)); }
  void set(std::string_view name, const char* value) { add(name, std::string(value)); }

  const std::vector<std::pair<std::string, Value>>& entries() const { return entries_; }
  // The JSON object without a line end. Doubles parse back to the same bits; bytes that are not UTF-8 become U+FFFD.
  // Error kGuard naming the first number that is not finite.
  Result<std::string> to_json() const;

 private:
  void add(std::string_view name, Value value);
  std::vector<std::pair<std::string, Value>> entries_;
};

// A file of JSON lines. Owned by one thread.
class MetricsWriter {
 public:
  // Opens or creates; what a kill left of a last line is cut off.
  static Result<MetricsWriter> open(const std::string& path);

  Result<void> write(const MetricsRow& row);
  Result<void> sync() { return file_.sync(); }
  int64_t offset() const { return file_.size(); }
  // Drops all after `offset`, which an earlier offset() returned. Returns how many bytes before it are missing (0 but
  // for a power cut before sync()).
  Result<int64_t> cut_to(int64_t offset);

 private:
  explicit MetricsWriter(AppendFile file) : file_(std::move(file)) {}
  AppendFile file_;
};

// A line of events.jsonl: what happened beside the steps (resume, fallback, alarm, dropped group).
struct Event {
  double time = 0;  // seconds since the stage began
  std::string stage;
  int64_t step = 0;
  std::string event;   // one word
  std::string detail;  // for people
};

MetricsRow to_row(const Event& event);

}  // namespace hone
