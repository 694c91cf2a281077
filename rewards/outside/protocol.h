// The JSON in which checkers outside the program are asked and answer: by lines over pipes, by POST over HTTP.
//
//  asked    {"hello":1,"name":"hone","version":"0.1.0"}                                   once, over pipes only
//  answers  {"hello":1,"name":"mine","max_inflight":4,"group":false,"completion_ids":false}
//  asked    {"id":17,"completion":"...","gold":<any JSON>,"prompt":"...","data_source":"...",
//            "extra_info":{...},"truncated":false,"group":{"id":3,"index":0}}
//           "answer" stands for "completion" where there is nothing to extract; "completion_ids":[...] where wanted
//  answers  {"id":17,"score":0.5}                             a number without a judgement
//           {"id":17,"score":1,"status":"correct"}            or another verdict of rl/verdict.h; "verdict" is the same
//           {"id":17,"score":0.5,"extra":{"acc":1}}           acc, 0 or 1, makes a score wrong or correct
//           {"id":17,"score":null}                            does not apply
//           {"id":17,"error":"..."}                           the checker failed; "limit":true: a budget was used up
//           "extracted", "canonical", "gold_canonical" and "reason" may be texts
//  asked    {"id":18,"items":[<as above, without id>,...]}    where "group" is true: all samples of a problem
//  answers  {"id":18,"results":[<as above, without id>,...]}
//
// Answers may come in any order. Whatever is not such an answer is the failure of the checker, never a score.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "rewards/checker.h"

namespace hone::rewards {

inline constexpr int kProtocolVersion = 1;
inline constexpr size_t kMaxLineBytes = 32 << 20;
inline constexpr int64_t kMaxInflight = 1024;

// Cuts a stream of bytes into lines; memory is bounded by the longest line allowed.
class LineReader {
 public:
  explicit LineReader(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Appends the lines that are now whole, without their ends. False when a line is too long: no more can be read.
  bool feed(std::string_view bytes, std::vector<std::string>& lines);
  bool in_line() const { return !line_.empty(); }

 private:
  const size_t max_bytes_;
  std::string line_;
};

// What a worker can do.
struct Capabilities {
  std::string name;
  int64_t max_inflight = 1;     // requests it may hold at once
  bool group = false;           // it wants all samples of a problem in one request
  bool completion_ids = false;  // it wants the tokens
};

std::string hello_line();
// Error kInvalid for anything but a hello of our version.
Result<Capabilities> parse_hello(std::string_view line);

// Bytes that are not UTF-8 are replaced by U+FFFD in to_text. The results have no id.
nlohmann::json request_of(const CheckInput& input, bool with_tokens);
nlohmann::json request_of_group(std::span<const CheckInput> group, bool with_tokens);
std::string to_text(const nlohmann::json& request);

// kInfra for anything that is no answer.
CheckResult result_of(const nlohmann::json& answer);
// `count` results.
std::vector<CheckResult> results_of(const nlohmann::json& answer, size_t count);

// Text of others in a reason: control characters are blanks, what exceeds 500 bytes is cut and "..." follows.
std::string one_line(std::string_view text);

}  // namespace hone::rewards
