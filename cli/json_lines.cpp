#include "cli/json_lines.h"

#include <charconv>
#include <cerrno>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

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
  for (int64_t number = 1; std::getline(in, text); ++number) visit({number, parse_object(text), text});
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

int answer_json_lines(const std::string& file, const AnswerText& answer) {
  AnswerWriter writer;
  const Result<void> read = read_json_lines(file, [&](const JsonLine& line) {
    writer.write(line, line.object.ok() ? answer(line) : line.object.error());
  });
  return read.ok() ? writer.exit_code() : fail(read.error());
}

namespace {

// Lines in flight: read, answered by any thread, written in order by one.
class LinePipeline {
 public:
  LinePipeline(int threads, const AnswerText& answer)
      : window_(4 * static_cast<size_t>(threads) + 16), answer_(answer), printer_([this] { print(); }) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  // Waits for room.
  void push(const JsonLine& line) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lines_.size() < window_; });
    lines_.push_back({line, std::nullopt});
    ++unanswered_;
    changed_.notify_all();
  }
  // Waits until every line is answered and written; the exit code.
  int finish() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    printer_.join();
    return writer_.exit_code();
  }

 private:
  struct Item {
    JsonLine line;
    std::optional<Result<JsonObject>> answer;
  };

  void work() {
    for (std::unique_lock lock(mutex_);;) {
      changed_.wait(lock, [&] { return unanswered_ > 0 || closed_; });
      if (unanswered_ == 0) return;
      Item& item = lines_[lines_.size() - unanswered_];  // stays in place: a deque grows and shrinks at its ends
      --unanswered_;
      lock.unlock();
      auto answer = item.line.object.ok() ? answer_(item.line) : Result<JsonObject>(item.line.object.error());
      lock.lock();
      item.answer = std::move(answer);
      changed_.notify_all();
    }
  }
  void print() {
    for (std::unique_lock lock(mutex_);;) {
      changed_.wait(lock, [&] { return lines_.empty() ? closed_ : lines_.front().answer.has_value(); });
      if (lines_.empty()) return;
      const Item item = std::move(lines_.front());
      lines_.pop_front();
      changed_.notify_all();
      lock.unlock();
      writer_.write(item.line, *item.answer);
      lock.lock();
    }
  }

  const size_t window_;
  const AnswerText& answer_;
  std::mutex mutex_;  // guards lines_, unanswered_, closed_
  std::condition_variable changed_;
  std::deque<Item> lines_;
  size_t unanswered_ = 0;  // at the end of lines_: taken by no thread yet
  bool closed_ = false;
  AnswerWriter writer_;  // of the printer
  std::vector<std::thread> threads_;
  std::thread printer_;
};

}  // namespace

int answer_json_lines(const std::string& file, int threads, const AnswerLine& answer) {
  return answer_json_texts(file, threads, [&](const JsonLine& line) { return answer(*line.object); });
}

int answer_json_texts(const std::string& file, int threads, const AnswerText& answer) {
  HONE_CHECK_LE(1, threads);
  LinePipeline pipeline(threads, answer);
  const Result<void> read = read_json_lines(file, [&](const JsonLine& line) { pipeline.push(line); });
  const int code = pipeline.finish();
  return read.ok() ? code : fail(read.error());
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
