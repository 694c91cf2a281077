#include "sandboxes/judge_request.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/edit_distance.h"

namespace hone::sandboxes {
namespace {

using Kind = JsonValue::Kind;

constexpr size_t kMaxTests = 100'000;

const std::vector<std::string>& request_keys() {
  static const std::vector<std::string> keys = {"id",   "language", "source",  "tests",   "limits",
                                                "stop", "score",    "compare", "function"};
  return keys;
}

Error error_at(const std::string& field, std::string message) {
  return {.message = std::move(message), .field = field};
}

// The error of a part, its field under that of the whole.
Error inside(const std::string& field, Error error) {
  error.field = error.field.empty() ? field : field + "." + error.field;
  return error;
}

Result<void> want(const JsonValue& value, Kind kind, const std::string& field) {
  if (value.kind == kind) return {};
  return error_at(field, str("must be ", to_string(kind), ", not ", to_string(value.kind)));
}

// Calls `read(key, value)` for every member; false means there is no such key.
template <class Read>
Result<void> read_members(const JsonValue& object, const std::string& field, const std::vector<std::string>& keys,
                          const Read& read) {
  HONE_TRY(want(object, Kind::kObject, field));
  for (const JsonMember& member : object.members) {
    if (std::ranges::count(keys, member.key) == 0)
      return error_at(field + "." + member.key, "unknown key" + did_you_mean(member.key, keys));
    if (Result<void> done = read(member.key, member.value); !done.ok()) return inside(field, done.error());
  }
  return {};
}

Result<double> read_number(const JsonValue& value, const std::string& key, double least, double most) {
  const bool is_number = value.kind == Kind::kInteger || value.kind == Kind::kFloat;
  const std::optional<double> number = is_number ? parse_decimal(value.text) : std::nullopt;
  if (number && *number >= least && *number <= most) return *number;
  return error_at(key, str("must be a number from ", least, " to ", most));
}

Result<int64_t> read_integer(const JsonValue& value, const std::string& key, int64_t least, int64_t most) {
  int64_t number = 0;
  const std::string& text = value.text;
  const bool read = value.kind == Kind::kInteger &&
                    std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
  if (read && number >= least && number <= most) return number;
  return error_at(key, str("must be a whole number from ", least, " to ", most));
}

// The index of the value among the choices.
Result<size_t> read_choice(const JsonValue& value, const std::string& key, const std::vector<std::string>& choices) {
  HONE_TRY(want(value, Kind::kString, key));
  const auto found = std::ranges::find(choices, value.text);
  if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  return error_at(key, str("must be one of ", list, did_you_mean(value.text, choices)));
}

std::shared_ptr<const std::string> share(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

Result<void> read_program_key(const std::string& key, const JsonValue& value, Program& program) {
  HONE_TRY(want(value, Kind::kString, key));
  if (key == "source") return program.source = share(value.text), Result<void>();
  HONE_TRY_ASSIGN(program.language, parse_language(value.text));
  return {};
}

// An argument list and a value stay JSON texts, so that no digit of a number is lost.
Result<std::shared_ptr<const std::string>> read_test_side(const JsonValue& test, const std::string& key,
                                                          const JudgeRequest& request) {
  const JsonValue* value = test.find(key);
  if (value == nullptr) return error_at(key, "is missing");
  if (request.function) {
    if (key == "input") HONE_TRY(want(*value, Kind::kList, key));
    return share(std::string(value->source));
  }
  HONE_TRY(want(*value, Kind::kString, key));
  return share(value->text);
}

Result<JudgeTest> read_test(const JsonValue& test, const JudgeRequest& request) {
  if (test.kind != Kind::kObject) return Error{.message = str("must be an object, not ", to_string(test.kind))};
  for (const JsonMember& member : test.members)
    if (member.key != "input" && member.key != "output")
      return error_at(member.key, "unknown key" + did_you_mean(member.key, {"input", "output"}));
  JudgeTest read;
  HONE_TRY_ASSIGN(read.input, read_test_side(test, "input", request));
  HONE_TRY_ASSIGN(read.output, read_test_side(test, "output", request));
  return read;
}

// "f" or "Class.f", each part a Python name.
bool is_function_name(std::string_view name) {
  bool begins = true;
  for (char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (c == '.' ? begins : !(letter || (digit && !begins))) return false;
    begins = c == '.';
  }
  return !begins;
}

}  // namespace

Result<void> check_request(const JudgeRequest& request) {
  if (!request.program.source) return error_at("source", "is missing");
  if (request.tests.empty()) return error_at("tests", "must hold at least one test");
  const bool python = request.program.language == Language::kPython;
  if (request.function && !python) return error_at("function", "needs the language python");
  const CompareOptions& compare = request.compare;
  const bool by_value = compare.mode == CompareMode::kTokens || compare.mode == CompareMode::kFloats;
  if (request.function && (request.checker || !by_value || !compare.case_sensitive))
    return error_at("compare", "the results of a function compare by value; only the mode floats changes that");
  return {};
}

Result<void> read_limits(const JsonValue& limits, JudgeRequest& request) {
  Limits& own = request.limits;
  const std::vector<std::string> keys = {"cpu_seconds", "wall_seconds", "total_wall_seconds", "memory_mib",
                                         "output_mib",  "files_mib",    "processes"};
  return read_members(limits, "limits", keys, [&](const std::string& key, const JsonValue& value) -> Result<void> {
    constexpr double kShortest = 0.01, kLongest = 86400;
    constexpr int64_t kMostMib = 1 << 20;
    if (key == "cpu_seconds") {
      HONE_TRY_ASSIGN(own.cpu_seconds, read_number(value, key, kShortest, kLongest));
    } else if (key == "wall_seconds") {
      HONE_TRY_ASSIGN(own.wall_seconds, read_number(value, key, kShortest, kLongest));
    } else if (key == "total_wall_seconds") {
      HONE_TRY_ASSIGN(request.total_wall_seconds, read_number(value, key, kShortest, kLongest));
    } else if (key == "memory_mib") {
      HONE_TRY_ASSIGN(own.memory_mib, read_integer(value, key, 16, kMostMib));
    } else if (key == "output_mib") {
      HONE_TRY_ASSIGN(own.output_mib, read_integer(value, key, 1, 1024));
    } else if (key == "files_mib") {
      HONE_TRY_ASSIGN(own.files_mib, read_integer(value, key, 1, kMostMib));
    } else {
      HONE_TRY_ASSIGN(own.processes, read_integer(value, key, 1, 4096));
    }
    return {};
  });
}

Result<void> read_compare(const JsonValue& compare, JudgeRequest& request) {
  const std::vector<std::string> modes = {"tokens", "lines", "exact", "floats", "set_of_lines", "checker"};
  const std::vector<std::string> keys = {"mode", "absolute", "relative", "case_sensitive", "language", "source"};
  CompareOptions& options = request.compare;
  Program checker;
  bool with_tolerance = false, with_checker = false, with_case = false;
  HONE_TRY(read_members(compare, "compare", keys, [&](const std::string& key, const JsonValue& value) -> Result<void> {
    if (key == "mode") {
      HONE_TRY_ASSIGN(const size_t mode, read_choice(value, key, modes));
      with_checker = modes[mode] == "checker";
      if (!with_checker) options.mode = static_cast<CompareMode>(mode);
    } else if (key == "absolute" || key == "relative") {
      with_tolerance = true;
      double& target = key == "absolute" ? options.tolerance.absolute : options.tolerance.relative;
      HONE_TRY_ASSIGN(target, read_number(value, key, 0, 1e300));
    } else if (key == "case_sensitive") {
      with_case = true;
      HONE_TRY(want(value, Kind::kBoolean, key));
      options.case_sensitive = value.boolean;
    } else {
      HONE_TRY(read_program_key(key, value, checker));
    }
    return {};
  }));
  const bool floats = options.mode == CompareMode::kFloats && !with_checker;
  if (with_tolerance && !floats) return error_at("compare", "absolute and relative belong to the mode floats");
  if (floats && !with_tolerance) options.tolerance = {1e-6, 1e-6};
  if (with_case && !floats && (with_checker || options.mode != CompareMode::kTokens))
    return error_at("compare.case_sensitive", "belongs to the modes tokens and floats");
  const bool any_program = compare.find("language") || compare.find("source");
  if (any_program && !with_checker) return error_at("compare", "language and source belong to the mode checker");
  if (!with_checker) return {};
  if (!checker.source) return error_at("compare.source", "is missing: the mode checker needs a program");
  request.checker = checker;
  return {};
}

Result<void> read_tests(const JsonValue& tests, JudgeRequest& request) {
  HONE_TRY(want(tests, Kind::kList, "tests"));
  if (tests.items.size() > kMaxTests) return error_at("tests", str("more than ", kMaxTests));
  request.tests.clear();
  for (size_t i = 0; i < tests.items.size(); ++i) {
    Result<JudgeTest> test = read_test(tests.items[i], request);
    if (!test.ok()) return inside(str("tests[", i, "]"), test.error());
    request.tests.push_back(std::move(test).value());
  }
  return {};
}

Result<void> read_function(const JsonValue& function, JudgeRequest& request) {
  FunctionCall call;
  HONE_TRY(read_members(function, "function", {"name", "unwrap"},
                        [&](const std::string& key, const JsonValue& value) -> Result<void> {
    HONE_TRY(want(value, key == "name" ? Kind::kString : Kind::kBoolean, key));
    if (key == "name") call.name = value.text;
    else call.unwrap = value.boolean;
    return {};
  }));
  if (!is_function_name(call.name)) return error_at("function.name", "must be a Python name, or Class.method");
  request.function = call;
  return {};
}

Result<void> read_judge_keys(const JsonValue& object, JudgeRequest& request) {
  if (const JsonValue* function = object.find("function")) HONE_TRY(read_function(*function, request));
  for (const JsonMember& member : object.members) {
    const auto& [key, value] = member;
    if (key == "language" || key == "source") {
      HONE_TRY(read_program_key(key, value, request.program));
    } else if (key == "tests") {
      HONE_TRY(read_tests(value, request));
    } else if (key == "limits") {
      HONE_TRY(read_limits(value, request));
    } else if (key == "compare") {
      HONE_TRY(read_compare(value, request));
    } else if (key == "score") {
      HONE_TRY_ASSIGN(const size_t choice, read_choice(value, key, {"all", "share"}));
      request.share = choice == 1;
      if (!object.find("stop")) request.stop_at_first_failure = !request.share;
    } else if (key == "stop") {
      HONE_TRY_ASSIGN(const size_t choice, read_choice(value, key, {"first_failure", "never"}));
      request.stop_at_first_failure = choice == 0;
    }
  }
  return {};
}

Result<void> refuse_misspelt(const JsonValue& object, const std::vector<std::string>& known) {
  for (const JsonMember& member : object.members) {
    const bool is_known = std::ranges::count(known, member.key) > 0;
    const std::string near = is_known || member.key.size() > 64 ? "" : did_you_mean(member.key, known);
    if (!near.empty()) return error_at(member.key, "unknown key" + near);
  }
  return {};
}

Result<JudgeRequest> parse_judge_request(std::string_view json) {
  HONE_TRY_ASSIGN(const JsonValue object, parse_json_value(json));
  if (object.kind != Kind::kObject) return Error{.message = str("must be an object, not ", to_string(object.kind))};
  HONE_TRY(refuse_misspelt(object, request_keys()));
  if (!object.find("language")) return error_at("language", "is missing");
  JudgeRequest request;
  HONE_TRY(read_judge_keys(object, request));
  HONE_TRY(check_request(request));
  return request;
}

}  // namespace hone::sandboxes
