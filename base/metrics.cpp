#include "base/metrics.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"

namespace hone {
namespace {

std::string quote(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_finite(const MetricsRow::Value& value) {
  const double* number = std::get_if<double>(&value);
  return number == nullptr || std::isfinite(*number);
}

std::string value_to_json(const MetricsRow::Value& value) {
  if (const std::string* text = std::get_if<std::string>(&value)) return quote(*text);
  if (const int64_t* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  return nlohmann::json(std::get<double>(value)).dump();
}

// Length up to the end of the last whole line.
int64_t whole_lines(std::span<const std::byte> bytes) {
  while (!bytes.empty() && bytes.back() != std::byte{'\n'}) bytes = bytes.first(bytes.size() - 1);
  return static_cast<int64_t>(bytes.size());
}

}  // namespace

void MetricsRow::add(std::string_view name, Value value) {
  for (const auto& [other, unused] : entries_) HONE_CHECK(other != name, "metric set twice: ", name);
  entries_.emplace_back(name, std::move(value));
}

Result<std::string> MetricsRow::to_json() const {
  std::string line = "{";
  for (const auto& [name, value] : entries_) {
    if (!is_finite(value)) {
      return Error{.code = ErrorCode::kGuard, .message = str("not finite: ", std::get<double>(value)), .field = name};
    }
    if (line.size() > 1) line += ", ";
    line += quote(name) + ": " + value_to_json(value);
  }
  return line + "}";
}

Result<MetricsWriter> MetricsWriter::open(const std::string& path) {
  HONE_TRY_ASSIGN(AppendFile file, AppendFile::open(path));
  HONE_TRY_ASSIGN(const MappedFile content, MappedFile::open(path));
  HONE_TRY(file.truncate_to(whole_lines(content.bytes())));
  return MetricsWriter(std::move(file));
}

Result<void> MetricsWriter::write(const MetricsRow& row) {
  HONE_TRY_ASSIGN(std::string line, row.to_json());
  line += '\n';
  return file_.append(as_bytes(line));
}

Result<int64_t> MetricsWriter::cut_to(int64_t offset) {
  const int64_t kept = std::min(offset, file_.size());
  HONE_TRY(file_.truncate_to(kept));
  return offset - kept;
}

MetricsRow to_row(const Event& event) {
  MetricsRow row;
  row.set("time", event.time);
  row.set("stage", event.stage);
  row.set("step", event.step);
  row.set("event", event.event);
  row.set("detail", event.detail);
  return row;
}

}  // namespace hone
