#include "rewards/outside/protocol.h"

#include <array>
#include <cmath>
#include <optional>

#include "base/json_reader.h"
#include "base/utf8.h"
#include "rewards/outside/hone_reward.h"
#include "rl/verdict.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

constexpr size_t kMaxReasonBytes = 500;

CheckResult infra(std::string reason) { return {.verdict = Verdict::kInfra, .reason = std::move(reason)}; }

// The value of a key, null where there is none.
const json& get(const json& object, const char* key) {
  static const json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

// What is wrong with a hello beyond its version.
std::string read_capabilities(const json& hello, Capabilities& can) {
  const json &name = get(hello, "name"), &inflight = get(hello, "max_inflight");
  if (!name.is_null() && !name.is_string()) return "name must be a text";
  if (name.is_string()) can.name = one_line(name.get_ref<const std::string&>());
  const bool whole = inflight.is_number_integer() && inflight >= 1 && inflight <= kMaxInflight;
  if (!inflight.is_null() && !whole) return str("max_inflight must be a whole number from 1 to ", kMaxInflight);
  if (whole) can.max_inflight = inflight.get<int64_t>();
  for (auto [key, flag] : {std::pair("group", &can.group), std::pair("completion_ids", &can.completion_ids)}) {
    const json& value = get(hello, key);
    if (!value.is_null() && !value.is_boolean()) return str(key, " must be true or false");
    if (value.is_boolean()) *flag = value.get<bool>();
  }
  return {};
}

// Correct or wrong by extra.acc; none where there is no acc. False: acc is neither 0 nor 1.
bool read_acc(const json& answer, std::optional<bool>& acc) {
  const json& extra = get(answer, "extra");
  if (!extra.is_object()) return extra.is_null();
  const json& value = get(extra, "acc");
  if (value.is_null()) return true;
  if (value.is_boolean()) acc = value.get<bool>();
  else if (value == 0 || value == 1) acc = value == 1;
  return acc.has_value();
}

std::optional<Verdict> read_verdict(const json& answer) {
  const json& status = answer.contains("status") ? get(answer, "status") : get(answer, "verdict");
  if (status.is_null()) return get(answer, "score").is_null() ? Verdict::kNotApplicable : Verdict::kScored;
  if (!status.is_string()) return std::nullopt;
  const Result<Verdict> verdict = rl::parse_verdict(status.get_ref<const std::string&>());
  return verdict.ok() ? std::optional(*verdict) : std::nullopt;
}

// What is wrong with the score for this verdict.
std::string read_score(const json& score, CheckResult& result) {
  switch (result.verdict) {
    case Verdict::kCorrect: case Verdict::kWrong: case Verdict::kScored:
      if (!score.is_number() || !std::isfinite(score.get<double>())) return "the score must be a finite number";
      result.score = score.get<double>();
      return {};
    case Verdict::kNoAnswer: case Verdict::kParseError: case Verdict::kLimit:
      return score.is_null() || (score.is_number() && score == 0) ? "" : "the score of this status must be 0";
    case Verdict::kNotApplicable: case Verdict::kGoldError: case Verdict::kTimeout: case Verdict::kInfra:
      return score.is_null() ? "" : "this status has no score";
  }
  return "unknown status";
}

// What is wrong with the texts.
std::string read_texts(const json& answer, CheckResult& result) {
  const std::array texts = {std::pair("extracted", &result.extracted), std::pair("canonical", &result.canonical),
                            std::pair("gold_canonical", &result.gold_canonical), std::pair("reason", &result.reason)};
  for (auto [key, text] : texts) {
    const json& value = get(answer, key);
    if (!value.is_null() && !value.is_string()) return str(key, " must be a text");
    if (value.is_string()) *text = value.get_ref<const std::string&>();
  }
  const json& extra = get(answer, "extra");
  if (result.reason.empty() && !extra.is_null()) result.reason = to_text(extra);
  result.reason = one_line(result.reason);
  return {};
}

}  // namespace

bool LineReader::feed(std::string_view bytes, std::vector<std::string>& lines) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (line_.size() + part.size() > max_bytes_) return false;
    line_.append(part);
    if (end == bytes.npos) return true;
    lines.push_back(std::move(line_));
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
  return true;
}

std::string hello_line() {
  const json hello = {{"hello", kProtocolVersion}, {"name", "hone"}, {"version", kHoneVersion}};
  return to_text(hello) + "\n";
}

Result<Capabilities> parse_hello(std::string_view line) {
  const Result<json> hello = parse_json(line, "");
  const bool readable = hello.ok() && hello->is_object() && hello->contains("hello");
  if (!readable) return Error{.message = str("its first line is no hello: '", one_line(line.substr(0, 80)), "'")};
  const json& version = get(*hello, "hello");
  if (!version.is_number_integer() || version != kProtocolVersion)
    return Error{.message = str("it speaks version ", one_line(to_text(version)), " of the protocol, hone ",
                                kProtocolVersion)};
  Capabilities can;
  if (std::string problem = read_capabilities(*hello, can); !problem.empty())
    return Error{.message = "its hello cannot be read: " + problem};
  return can;
}

json request_of(const CheckInput& input, bool with_tokens) {
  json request = {{input.bare_answer ? "answer" : "completion", input.completion},
                  {"prompt", input.prompt},
                  {"data_source", input.data_source},
                  {"gold", input.gold != nullptr ? *input.gold : json()},
                  {"extra_info", input.extra_info != nullptr ? *input.extra_info : json::object()},
                  {"truncated", input.finish == rl::FinishReason::kLength},
                  {"group", {{"id", input.serial}, {"index", input.index}}}};
  if (with_tokens && !input.tokens.empty()) request["completion_ids"] = input.tokens;
  return request;
}

json request_of_group(std::span<const CheckInput> group, bool with_tokens) {
  json items = json::array();
  for (const CheckInput& input : group) items.push_back(request_of(input, with_tokens));
  return {{"items", std::move(items)}};
}

std::string to_text(const json& request) {
  return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

CheckResult result_of(const json& answer) {
  if (!answer.is_object()) return infra("the checker's answer is not an object");
  if (const json& error = get(answer, "error"); !error.is_null())
    return infra("the checker failed: " + one_line(error.is_string() ? error.get<std::string>() : to_text(error)));
  if (!answer.contains("score") && !answer.contains("status") && !answer.contains("verdict"))
    return infra("the checker's answer has neither score nor status");
  const std::optional<Verdict> verdict = read_verdict(answer);
  if (!verdict) return infra("the checker's answer has an unknown status");
  CheckResult result{.verdict = *verdict};
  std::string problem = read_score(get(answer, "score"), result);
  if (problem.empty()) problem = read_texts(answer, result);
  std::optional<bool> acc;
  if (problem.empty() && !read_acc(answer, acc)) problem = "extra must be an object, its acc 0 or 1";
  if (!problem.empty()) return infra("the checker's answer cannot be read: " + problem);
  if (result.verdict == Verdict::kScored && acc) result.verdict = *acc ? Verdict::kCorrect : Verdict::kWrong;
  return result;
}

std::vector<CheckResult> results_of(const json& answer, size_t count) {
  const json& results = answer.is_object() ? get(answer, "results") : answer;
  if (!results.is_array() || results.size() != count) {
    const CheckResult failure = answer.is_object() && answer.contains("error")
                                    ? result_of(answer)
                                    : infra(str("the checker's answer is no list of ", count, " results"));
    return std::vector(count, failure);
  }
  std::vector<CheckResult> all;
  for (const json& result : results) all.push_back(result_of(result));
  return all;
}

std::string one_line(std::string_view text) {
  std::string line;
  while (!text.empty() && line.size() < kMaxReasonBytes) {
    const size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0) line += "\xEF\xBF\xBD";
    else if (first < 0x20 || first == 0x7F) line += ' ';
    else line += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return text.empty() ? line : line + "...";
}

}  // namespace hone::rewards
