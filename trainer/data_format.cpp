#include "trainer/data_format.h"

#include <algorithm>
#include <array>
#include <set>

#include "rewards/math/extract.h"
#include "trainer/data_messages.h"

namespace hone::trainer {
namespace {

using nlohmann::json;

constexpr const char* kExtraInfo = "extra_info";
constexpr std::string_view kGoldMark = "####";

Error column_error(const std::string& column, const std::string& message) {
  return {.message = message, .field = column};
}

// Columns in the order in which they are looked for; the first that is there counts.
struct FormatColumns {
  std::array<const char*, 3> prompt;
  std::array<const char*, 2> gold;
  const char* completion;  // "": read together with the gold
};

FormatColumns columns_of(DataFormat format) {
  switch (format) {
    case DataFormat::kVerl:
    case DataFormat::kDapo: return {{"prompt"}, {"reward_model.ground_truth"}, "completion"};
    case DataFormat::kTrl: return {{"prompt", "messages", "text"}, {"solution", "answer"}, "completion"};
    case DataFormat::kGsm8k: return {{"question"}, {"answer"}, ""};
    case DataFormat::kMath: return {{"problem"}, {"answer", "solution"}, "solution"};
    case DataFormat::kAuto:
    case DataFormat::kHone: break;
  }
  return {{"prompt"}, {"gold"}, "completion"};
}

// nullptr where there is none, or null.
const json* find_member(const json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// The columns of one row, and which of them have been given a meaning.
class RowReader {
 public:
  RowReader(const json& row, const Columns& columns, DataFormat format)
      : row_(row), given_(columns), own_(columns_of(format)), format_(format) {}

  Result<DataRow> read(const DataNeeds& needs);

 private:
  struct Cell {
    std::string column;
    const json* value = nullptr;  // never null
  };
  Cell find(const std::string& column);
  Cell find(const std::string& given, std::span<const char* const> own);

  Result<void> read_prompt(DataRow& out);
  Result<void> read_completion(DataRow& out);
  Result<void> read_gold(DataRow& out);
  Result<void> read_gsm8k(const Cell& answer, DataRow& out);
  Result<void> read_data_source(DataRow& out);
  Result<void> read_extra_info(DataRow& out);

  const json& row_;
  const Columns& given_;
  const FormatColumns own_;
  const DataFormat format_;
  std::string gold_column_ = "gold", completion_column_ = "completion";  // for messages
  std::set<std::string> used_;  // columns read whole
};

RowReader::Cell RowReader::find(const std::string& column) {
  if (row_.contains(column)) return used_.insert(column), Cell{column, find_member(row_, column)};
  const size_t dot = column.find('.');
  if (dot == std::string::npos) return {column};
  const json* outer = find_member(row_, column.substr(0, dot));
  const bool has_members = outer != nullptr && outer->is_object();
  return {column, has_members ? find_member(*outer, column.substr(dot + 1)) : nullptr};
}

// The given column, else the first of the format's own that the row has.
RowReader::Cell RowReader::find(const std::string& given, std::span<const char* const> own) {
  if (!given.empty()) return find(given);
  for (const char* column : own)
    if (column != nullptr)
      if (Cell cell = find(column); cell.value != nullptr) return cell;
  return {own[0]};
}

Result<std::string> text_of(const std::string& column, const json& value) {
  if (!value.is_string()) return column_error(column, str("must be a text, not ", value.type_name()));
  return value.get<std::string>();
}

Result<void> RowReader::read_prompt(DataRow& out) {
  const Cell cell = find(given_.prompt, own_.prompt);
  if (cell.value == nullptr) return column_error(cell.column, "is missing");
  if (cell.value->is_array()) {
    out.is_conversation = true;
    HONE_TRY_ASSIGN(Conversation conversation, read_conversation(*cell.value, cell.column));
    const bool whole = cell.column == "messages" && format_ == DataFormat::kTrl;
    if (whole) HONE_TRY(split_completion(conversation, cell.column, out.completion));
    out.prompt = conversation.dump();
    return check_asks(conversation, cell.column);
  }
  if (!cell.value->is_string())
    return column_error(cell.column, str("must be a text or a list of messages, not ", cell.value->type_name()));
  const bool is_corpus = cell.column == "text" && format_ == DataFormat::kTrl;
  std::string& target = is_corpus ? out.completion : out.prompt;
  target = cell.value->get<std::string>();
  if (target.empty()) return column_error(cell.column, "is empty");
  return {};
}

Result<void> RowReader::read_completion(DataRow& out) {
  if (!out.completion.empty()) return {};  // it was part of the conversation, or of the gold's column
  const Cell cell = find(given_.completion.empty() ? own_.completion : given_.completion);
  completion_column_ = cell.column.empty() ? gold_column_ + ", its text before \"####\"" : cell.column;
  if (cell.value == nullptr) return {};
  if (!cell.value->is_array()) {
    HONE_TRY_ASSIGN(out.completion, text_of(cell.column, *cell.value));
    return {};
  }
  HONE_TRY_ASSIGN(Conversation more, read_conversation(*cell.value, cell.column));
  HONE_TRY(split_completion(more, cell.column, out.completion));
  if (out.completion.empty()) return column_error(cell.column, "must end with a message of the assistant");
  if (more.empty()) return {};
  if (!out.is_conversation) return column_error(cell.column, "has several messages, but the prompt is a text");
  Conversation whole = Conversation::parse(out.prompt, nullptr, false);
  whole.insert(whole.end(), more.begin(), more.end());
  out.prompt = whole.dump();
  return {};
}

// What follows the last "####", without spaces and commas.
std::string marked_number(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != ',' && c != '\n' && c != '\r' && c != '\t') out += c;
  return out;
}

std::string without_annotations(std::string_view text) {
  std::string out;
  while (true) {
    const size_t open = text.find("<<"), close = open == text.npos ? open : text.find(">>", open);
    out += text.substr(0, close == text.npos ? text.npos : open);
    if (close == text.npos) return out;
    text.remove_prefix(close + 2);
  }
}

Result<void> RowReader::read_gsm8k(const Cell& answer, DataRow& out) {
  HONE_TRY_ASSIGN(const std::string text, text_of(answer.column, *answer.value));
  const size_t mark = text.rfind(kGoldMark);
  if (mark == std::string::npos) return column_error(answer.column, "holds no \"####\" with the answer after it");
  const std::string gold = marked_number(std::string_view(text).substr(mark + kGoldMark.size()));
  if (gold.empty()) return column_error(answer.column, "has nothing after \"####\"");
  out.gold = json(gold).dump();
  std::string worked = without_annotations(std::string_view(text).substr(0, mark));
  worked.erase(worked.find_last_not_of(" \t\r\n") + 1);  // all of it where there is nothing else
  if (given_.completion.empty()) out.completion = std::move(worked);
  return {};
}

Result<void> RowReader::read_gold(DataRow& out) {
  const Cell cell = find(given_.gold, own_.gold);
  gold_column_ = cell.column;
  if (cell.value == nullptr) return {};
  if (format_ == DataFormat::kGsm8k) return read_gsm8k(cell, out);
  if (format_ == DataFormat::kMath && cell.value->is_string()) {
    const auto& text = cell.value->get_ref<const std::string&>();
    const auto boxes = math::find_answer(text, {}).all_boxes;
    if (!boxes.empty()) return out.gold = json(boxes.back()).dump(), Result<void>();
    if (cell.column == own_.gold[1]) return gold_column_ = cell.column + ", its \\boxed answer", Result<void>();
  }
  out.gold = cell.value->dump();
  return {};
}

Result<void> RowReader::read_data_source(DataRow& out) {
  const Cell cell = find(given_.data_source.empty() ? "data_source" : given_.data_source);
  if (cell.value == nullptr) return {};
  HONE_TRY_ASSIGN(out.data_source, text_of(cell.column, *cell.value));
  return {};
}

// Columns without a meaning, together with the members of a column "extra_info".
Result<void> RowReader::read_extra_info(DataRow& out) {
  json extra = json::object();
  if (const json* given = find_member(row_, kExtraInfo)) extra = *given;
  if (!extra.is_object()) return column_error(kExtraInfo, str("must be an object, not ", extra.type_name()));
  for (const auto& [column, value] : row_.items()) {
    if (column == kExtraInfo || used_.contains(column)) continue;
    if (extra.contains(column)) return column_error(column, "is also a member of extra_info");
    extra[column] = value;
  }
  out.extra_info = extra.dump();
  return {};
}

Result<DataRow> RowReader::read(const DataNeeds& needs) {
  DataRow out;
  HONE_TRY(read_prompt(out));
  HONE_TRY(read_gold(out));
  HONE_TRY(read_completion(out));
  HONE_TRY(read_data_source(out));
  if (needs.gold && out.gold.empty()) return column_error(gold_column_, "is missing");
  if (needs.completion && out.completion.empty()) return column_error(completion_column_, "is missing");
  if (!needs.completion && out.prompt.empty()) return column_error("text", "is no prompt; this stage asks questions");
  HONE_TRY(read_extra_info(out));
  return out;
}

std::string names_of(const json& row) {
  std::string names;
  for (const auto& [column, value] : row.items()) {
    if (names.size() > 200) return names + ", …";
    names += (names.empty() ? "" : ", ") + column;
  }
  return names.empty() ? "none" : names;
}

}  // namespace

std::span<const char* const> enum_names(DataFormat) {
  static constexpr const char* kNames[] = {"auto", "hone", "verl", "trl", "gsm8k", "math", "dapo"};
  return kNames;
}

Result<DataFormat> detect_format(const json& row, const Columns& columns) {
  const auto has = [&](const char* column) { return row.contains(column); };
  const auto has_mark = [&](const char* column) {
    return has(column) && row[column].is_string() &&
           row[column].get_ref<const std::string&>().find(kGoldMark) != std::string::npos;
  };
  if (columns.given()) return DataFormat::kHone;
  if (has("prompt") && has("reward_model")) return DataFormat::kVerl;
  if (has("question") && has_mark("answer")) return DataFormat::kGsm8k;
  if (has("problem") && (has("solution") || has("answer"))) return DataFormat::kMath;
  if (has("prompt") && !has("gold") && (has("solution") || has("answer"))) return DataFormat::kTrl;
  if (has("prompt")) return DataFormat::kHone;
  if (has("messages") || has("text")) return DataFormat::kTrl;
  return Error{.message = str("the columns (", names_of(row), ") fit no known format; say which is which: "
                              "columns: {prompt: …, gold: …}, or give the format")};
}

Result<DataRow> read_row(const json& row, DataFormat format, const Columns& columns, const DataNeeds& needs) {
  HONE_CHECK(format != DataFormat::kAuto && row.is_object(), "not detected, or no row");
  return RowReader(row, columns, format).read(needs);
}

std::string default_completion_template(DataFormat format) {
  return format == DataFormat::kGsm8k ? "{completion}\n#### {gold}" : "{completion}";
}

}  // namespace hone::trainer
