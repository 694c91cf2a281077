#include "trainer/problem_rows.h"

#include <sstream>

#include "base/file.h"
#include "base/json_reader.h"

namespace hone::trainer {
namespace {

using nlohmann::json;

constexpr const char* kExtraInfo = "extra_info";

Error field_error(const std::string& field, const std::string& message) { return {.message = message, .field = field}; }

Result<std::string> read_text(const json& row, const std::string& column, bool needed) {
  const auto found = row.find(column);
  if (found == row.end()) return needed ? Result<std::string>(field_error(column, "is missing")) : std::string();
  if (!found->is_string()) return field_error(column, str("must be a text, not ", found->type_name()));
  const auto& text = found->get_ref<const std::string&>();
  if (needed && text.empty()) return field_error(column, "is empty");
  return text;
}

// Columns that are not in `columns`, together with the members of a column "extra_info".
Result<std::string> read_extra_info(const json& row, const Columns& columns) {
  json extra = json::object();
  if (row.contains(kExtraInfo)) extra = row[kExtraInfo];
  if (!extra.is_object()) return field_error(kExtraInfo, str("must be an object, not ", extra.type_name()));
  for (const auto& [column, value] : row.items()) {
    if (column == columns.prompt || column == columns.gold || column == columns.completion ||
        column == columns.data_source || column == kExtraInfo)
      continue;
    if (extra.contains(column)) return field_error(column, "is also a member of extra_info");
    extra[column] = value;
  }
  return extra.dump();
}

Result<rl::Problem> read_row(const std::string& line, const FileSourceOptions& options) {
  HONE_TRY_ASSIGN(const json row, parse_json(line, ""));
  if (!row.is_object()) return field_error("", str("must be an object, not ", row.type_name()));
  const Columns& columns = options.columns;
  rl::Problem problem;
  HONE_TRY_ASSIGN(const std::string prompt, read_text(row, columns.prompt, true));
  HONE_TRY_ASSIGN(problem.prompt, render(options.prompt_template, prompt));
  HONE_TRY_ASSIGN(problem.completion, read_text(row, columns.completion, options.need_completion));
  HONE_TRY_ASSIGN(problem.data_source, read_text(row, columns.data_source, false));
  HONE_TRY_ASSIGN(problem.extra_info, read_extra_info(row, columns));
  if (row.contains(columns.gold)) problem.gold = row[columns.gold].dump();
  else if (options.need_gold) return field_error(columns.gold, "is missing");
  if (options.check_row) HONE_TRY(options.check_row(problem));
  return problem;
}

// The first problems found; the rest is counted.
class Problems {
 public:
  void add(Error error) {
    constexpr size_t kShown = 20;
    if (shown_.size() < kShown) shown_.push_back(std::move(error));
    else ++more_;
  }
  bool empty() const { return shown_.empty(); }
  // One Error whose to_string() has a line for each.
  Error join() const {
    Error all = shown_[0];
    for (size_t i = 1; i < shown_.size(); ++i) all.message += "\n" + shown_[i].to_string();
    if (more_ > 0) all.message += str("\nand ", more_, " more");
    return all;
  }

 private:
  std::vector<Error> shown_;
  size_t more_ = 0;
};

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\r") == line.npos; }

}  // namespace

Result<std::vector<rl::Problem>> read_problem_rows(const FileSourceOptions& options) {
  HONE_TRY_ASSIGN(std::string text, read_file(options.path));
  std::istringstream lines(std::move(text));
  std::vector<rl::Problem> rows;
  Problems problems;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (is_blank(line)) continue;
    auto row = read_row(line, options);
    if (row) {
      rows.push_back(std::move(*row));
      continue;
    }
    Error error = row.error();
    error.file = options.path;
    error.line = number;
    problems.add(std::move(error));
  }
  if (!problems.empty()) return problems.join();
  if (rows.empty()) return Error{.message = "has no rows", .file = options.path};
  return rows;
}

}  // namespace hone::trainer
