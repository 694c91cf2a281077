// Commands that read JSON lines: the lines that come in, the lines that go out.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hone::cli {

// A line of input. `object` is an Error where the line is not a JSON object.
struct JsonLine {
  int64_t number = 0;  // from 1 on
  Result<nlohmann::json> object;
  std::string text = "";  // as it was read: `object` has rounded integers beyond 64 bits
};

// Calls `visit` for every line of the file ("" and "-": standard input), in order, as soon as it is there.
Result<void> read_json_lines(const std::string& file, const std::function<void(const JsonLine&)>& visit);

// A JSON object that is being written, keys in the order of the calls.
class JsonObject {
 public:
  void add(std::string_view key, const nlohmann::ordered_json& value);
  void add(std::string_view key, const std::vector<JsonObject>& list);
  // Each number in the fewest digits that parse back to the same f32. Requires finite values.
  void add_floats(std::string_view key, std::span<const float> values);
  // The keys of another object after those of this one.
  void append(const JsonObject& more);
  std::string text() const { return "{" + members_ + "}"; }

 private:
  void add_text(std::string_view key, std::string_view value);
  std::string members_;
};

// Writes one line for each line of input, with the id that it had.
class AnswerWriter {
 public:
  void write(const JsonLine& line, const Result<JsonObject>& answer);
  // kFailed after an error, else kDone.
  int exit_code() const;

 private:
  bool failed_ = false;
};

using AnswerLine = std::function<Result<JsonObject>(const nlohmann::json&)>;
// Called for lines whose object is one.
using AnswerText = std::function<Result<JsonObject>(const JsonLine&)>;

// Answers every line in turn. An Error of `answer` becomes the line's answer. Returns the exit code.
int answer_json_lines(const std::string& file, const AnswerText& answer);
// The same with `threads` lines answered at a time, written in the order of the input, each as soon as all before it
// are. `answer` is called from many threads. Reads at most 4 * threads + 16 lines ahead.
int answer_json_lines(const std::string& file, int threads, const AnswerLine& answer);
int answer_json_texts(const std::string& file, int threads, const AnswerText& answer);

// The string under `key`. Errors name the key.
Result<std::string> read_text(const nlohmann::json& object, const std::string& key);
// The list of tokens under `key`, each in [0, vocab_size).
Result<std::vector<int32_t>> read_tokens(const nlohmann::json& object, const std::string& key, int64_t vocab_size);

}  // namespace hone::cli
