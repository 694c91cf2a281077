#include "cli/json_lines.h"

#include <charconv>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iostream>

#include "base/file.h"
#include "base/json_reader.h"
#include "cli/exit.h"

namespace hone::cli {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Result<json> parse_object(const std::string& text) {
  HONE_TRY_ASSIGN(json value, parse_json(text, ""));
  if (!value.is_object()) return Error{.message = str("must be a JSON object, not ", value.type_name())};
  return value;
}

void read_lines(std::istream& in, const std::function<void(const JsonLine&)>& visit) {
  std::string text;
  for (int64_t number = 1; std::getline(in, text); ++number) visit({number, parse_object(text)});
}

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string shortest(float value) {
  HONE_CHECK(std::isfinite(value), value);
  char buffer[32];
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  // Readers take a number without a point for an integer, which has no -0.
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

JsonObject error_object(const JsonLine& line, const Error& error) {
  JsonObject object;
  object.add("line", line.number);
  object.add("error", error.to_string());
  return object;
}

}  // namespace

Result<void> read_json_lines(const std::string& file, const std::function<void(const JsonLine&)>& visit) {
  if (file.empty() || file == "-") {
    read_lines(std::cin, visit);
    if (std::cin.bad()) return Error{.code = ErrorCode::kIo, .message = "cannot read standard input"};
    return {};
  }
  std::ifstream in(file);
  if (!in) return os_error(errno, "open", file);
  read_lines(in, visit);
  if (in.bad()) return Error{.code = ErrorCode::kIo, .message = "cannot read", .file = file};
  return {};
}

void JsonObject::add_text(std::string_view key, std::string_view value) {
  if (!members_.empty()) members_ += ",";
  members_.append(dump(ordered_json(key))).append(":").append(value);
}

void JsonObject::add(std::string_view key, const ordered_json& value) { add_text(key, dump(value)); }

void JsonObject::add(std::string_view key, const std::vector<JsonObject>& list) {
  std::string text = "[";
  for (const JsonObject& object : list) text.append(text.size() > 1 ? "," : "").append(object.text());
  add_text(key, text.append("]"));
}

void JsonObject::add_floats(std::string_view key, std::span<const float> values) {
  std::string text = "[";
  for (float value : values) text.append(text.size() > 1 ? "," : "").append(shortest(value));
  add_text(key, text.append("]"));
}

void JsonObject::append(const JsonObject& more) {
  if (!members_.empty() && !more.members_.empty()) members_ += ",";
  members_ += more.members_;
}

void AnswerWriter::write(const JsonLine& line, const Result<JsonObject>& answer) {
  JsonObject out;
  if (line.object.ok() && line.object->contains("id")) out.add("id", line.object->at("id"));
  failed_ = failed_ || !answer.ok();
  out.append(answer.ok() ? *answer : error_object(line, answer.error()));
  std::cout << out.text() << std::endl;
}

int AnswerWriter::exit_code() const { return failed_ ? kFailed : kDone; }

int answer_json_lines(const std::string& file, const std::function<Result<JsonObject>(const json&)>& answer) {
  AnswerWriter writer;
  const Result<void> read = read_json_lines(file, [&](const JsonLine& line) {
    writer.write(line, line.object.ok() ? answer(*line.object) : line.object.error());
  });
  return read.ok() ? writer.exit_code() : fail(read.error());
}

Result<std::string> read_text(const json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end()) return Error{.message = "is missing", .field = key};
  if (!found->is_string()) return Error{.message = str("must be a text, not ", found->type_name()), .field = key};
  return found->get<std::string>();
}

Result<std::vector<int32_t>> read_tokens(const json& object, const std::string& key, int64_t vocab_size) {
  const auto found = object.find(key);
  if (found == object.end()) return Error{.message = "is missing", .field = key};
  if (!found->is_array()) return Error{.message = str("must be a list, not ", found->type_name()), .field = key};
  std::vector<int32_t> tokens;
  for (const json& token : *found) {
    const bool fits = token.is_number_integer() && token >= 0 && token < vocab_size;
    if (!fits) {
      return Error{.message = str(token.dump(), " is not a token; they are 0 to ", vocab_size - 1), .field = key};
    }
    tokens.push_back(token.get<int32_t>());
  }
  return tokens;
}

}  // namespace hone::cli
