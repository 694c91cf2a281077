#include "trainer/data_rows.h"

#include <algorithm>

#include "base/file.h"
#include "base/json_reader.h"
#include "base/parquet_reader.h"
#include "trainer/data_files.h"

namespace hone::trainer {
namespace {

using nlohmann::json;

constexpr size_t kMaxRowBytes = size_t{1} << 30;

Result<json> parse_row(std::string_view text) {
  if (text.size() > kMaxRowBytes) return Error{.message = str("is longer than ", kMaxRowBytes >> 20, " MiB")};
  HONE_TRY_ASSIGN(json row, parse_json(text, ""));
  if (!row.is_object()) return Error{.message = str("must be an object, not ", row.type_name())};
  return row;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void read_lines(std::string_view text, const std::string& file, const VisitRow& visit) {
  for (RowPlace place{file, 1, true}; !text.empty(); ++place.number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!trim(line).empty() && !visit(place, parse_row(line))) return;
  }
}

// The end of the array's item that begins at `at`: the comma or bracket after it, or the end of the text. Strings are
// skipped, brackets are counted; what is in them is the parser's to judge.
size_t end_of_item(std::string_view text, size_t at) {
  int64_t depth = 0;
  for (bool quoted = false; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
      continue;
    }
    if (depth == 0 && (c == ',' || c == ']')) return at;
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
  }
  return text.size();
}

// An array is split into its items, so that the whole file never becomes one tree.
Result<void> read_array(std::string_view text, const std::string& file, const VisitRow& visit) {
  text = trim(text);
  if (!text.starts_with('[')) return Error{.message = "must be an array of objects", .file = file};
  if (trim(text.substr(1)) == "]") return {};
  size_t at = 1;
  for (RowPlace place{file, 1, false};; ++place.number) {
    const size_t end = end_of_item(text, at);
    if (end == text.size()) return place.of({.message = "does not end: the file is cut off"});
    if (!visit(place, parse_row(text.substr(at, end - at)))) return {};
    at = end + 1;
    if (text[end] == ']') break;
  }
  if (at != text.size()) return Error{.message = "goes on after the end of its array", .file = file};
  return {};
}

Result<void> read_parquet(const std::string& file, const VisitRow& visit) {
  HONE_TRY_ASSIGN(ParquetReader reader, ParquetReader::open(file));
  for (RowPlace place{file, 1, false};; ++place.number) {
    auto row = reader.next();
    if (!row.ok()) return place.of(row.error());
    if (!*row || !visit(place, std::move(**row))) return {};
  }
}

}  // namespace

Error RowPlace::of(Error error) const {
  error.file = file;
  if (is_line) {
    error.line = static_cast<int>(std::min<int64_t>(number, INT32_MAX));
  } else {
    error.field = str("row ", number, error.field.empty() ? "" : ", ", error.field);
  }
  return error;
}

Result<void> read_data_rows(const std::string& file, const VisitRow& visit) {
  HONE_TRY_ASSIGN(const DataFileKind kind, data_file_kind(file));
  if (kind == DataFileKind::kParquet) return read_parquet(file, visit);
  HONE_TRY_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  const std::string_view text(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  if (kind == DataFileKind::kJson) return read_array(text, file, visit);
  read_lines(text, file, visit);
  return {};
}

}  // namespace hone::trainer
