#include "rewards/code_gold.h"

#include <algorithm>
#include <cmath>

#include "sandboxes/judge_request.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using sandboxes::JsonMember;
using sandboxes::JsonValue;
using sandboxes::JudgeRequest;
using sandboxes::JudgeTest;
using Kind = JsonValue::Kind;
using Text = std::shared_ptr<const std::string>;

const std::vector<std::string> kGoldKeys = {"tests", "language", "limits", "stop",   "score",   "compare",
                                            "function", "prefix", "suffix", "inputs", "outputs", "fn_name"};

Error gold_error(std::string message, const std::string& field = "gold") {
  return {.message = std::move(message), .field = field};
}

Text share(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

// A text, or a list of its lines.
Result<Text> read_stream(const JsonValue& value, const std::string& field) {
  if (value.kind == Kind::kString) return share(value.text);
  std::string lines;
  const auto is_text = [](const JsonValue& item) { return item.kind == Kind::kString; };
  if (value.kind != Kind::kList || !std::ranges::all_of(value.items, is_text))
    return gold_error(str("must be a text or a list of lines, not ", to_string(value.kind)), field);
  for (const JsonValue& line : value.items) lines += line.text + "\n";
  return share(std::move(lines));
}

// A list of arguments, or a text with the JSON of one argument on each line.
Result<Text> read_arguments(const JsonValue& value, const std::string& field) {
  if (value.kind == Kind::kList) return share(std::string(value.source));
  if (value.kind != Kind::kString)
    return gold_error("must be a list of arguments, or a text of one on each line", field);
  std::string list = "[";
  for (size_t at = 0; at < value.text.size();) {
    const size_t end = std::min(value.text.find('\n', at), value.text.size());
    const std::string_view line = std::string_view(value.text).substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    if (list.size() > 1) list += ",";
    list += line;
  }
  list += "]";
  if (const auto parsed = sandboxes::parse_json_value(list); !parsed.ok())
    return gold_error(parsed.error().message, field);
  return share(std::move(list));
}

// With arguments as text the value is text too.
Result<Text> read_value(const JsonValue& value, bool as_text, const std::string& field) {
  if (!as_text) return share(std::string(value.source));
  if (value.kind != Kind::kString) return gold_error("must be a text that holds a JSON value", field);
  if (const auto parsed = sandboxes::parse_json_value(value.text); !parsed.ok())
    return gold_error(parsed.error().message, field);
  return share(value.text);
}

Result<JudgeTest> read_pair(const JsonValue& input, const JsonValue& output, bool call, const std::string& field) {
  JudgeTest test;
  if (call) {
    HONE_TRY_ASSIGN(test.input, read_arguments(input, field));
    HONE_TRY_ASSIGN(test.output, read_value(output, input.kind == Kind::kString, field));
  } else {
    HONE_TRY_ASSIGN(test.input, read_stream(input, field));
    HONE_TRY_ASSIGN(test.output, read_stream(output, field));
  }
  return test;
}

Result<void> read_test_list(const JsonValue& tests, JudgeRequest& request) {
  if (tests.kind != Kind::kList) return gold_error(str("must be a list, not ", to_string(tests.kind)), "gold.tests");
  for (size_t i = 0; i < tests.items.size(); ++i) {
    const JsonValue& test = tests.items[i];
    const std::string field = str("gold.tests[", i, "]");
    const JsonValue *input = test.find("input"), *output = test.find("output"), *type = test.find("testtype");
    if (input == nullptr || output == nullptr) return gold_error("needs input and output", field);
    const bool functional = type != nullptr && type->text == "functional";
    if (functional && !request.function)
      return gold_error("a functional test needs the function's name: {\"tests\", \"function\": {\"name\"}}", field);
    HONE_TRY_ASSIGN(JudgeTest read, read_pair(*input, *output, request.function.has_value(), field));
    request.tests.push_back(std::move(read));
  }
  return {};
}

// Some of these sets write the value that a function returns as a list of that one value, some as it is.
bool all_wrapped(const JsonValue& outputs) {
  return std::ranges::all_of(outputs.items,
                             [](const JsonValue& item) { return item.kind == Kind::kList && item.items.size() == 1; });
}

Result<void> read_columns(const JsonValue& gold, JudgeRequest& request) {
  const JsonValue *inputs = gold.find("inputs"), *outputs = gold.find("outputs"), *name = gold.find("fn_name");
  if (inputs == nullptr || outputs == nullptr || inputs->kind != Kind::kList || outputs->kind != Kind::kList ||
      inputs->items.size() != outputs->items.size())
    return gold_error("inputs and outputs must be lists of the same length");
  const bool call = name != nullptr && name->kind != Kind::kNull;
  if (call) request.function = sandboxes::FunctionCall{name->text, all_wrapped(*outputs)};
  for (size_t i = 0; i < inputs->items.size(); ++i) {
    HONE_TRY_ASSIGN(JudgeTest test, read_pair(inputs->items[i], outputs->items[i], call, str("gold.inputs[", i, "]")));
    request.tests.push_back(std::move(test));
  }
  return {};
}

Result<void> read_frame(const JsonValue& gold, CodeFrame& frame) {
  for (const auto& [key, target] : {std::pair{"prefix", &frame.prefix}, std::pair{"suffix", &frame.suffix}}) {
    const JsonValue* value = gold.find(key);
    if (value == nullptr) continue;
    if (value->kind != Kind::kString) return gold_error("must be a text", str("gold.", key));
    *target = value->text;
  }
  return {};
}

Result<void> read_object(JsonValue gold, CodeProblem& problem) {
  if (gold.find("functional") || gold.find("test"))
    return gold_error("tests that are code run in the process that they judge, which can forge their result; "
                      "give inputs and outputs");
  HONE_TRY(sandboxes::refuse_misspelt(gold, kGoldKeys));
  HONE_TRY(read_frame(gold, problem.frame));
  // Tests of data sets take more forms than those of the judge, which reads the other keys.
  JsonValue tests;
  const bool with_tests = gold.find("tests") != nullptr;
  if (with_tests) tests = *gold.find("tests");
  std::erase_if(gold.members, [](const JsonMember& member) { return member.key == "tests" || member.key == "source"; });
  HONE_TRY(sandboxes::read_judge_keys(gold, problem.request));
  return with_tests ? read_test_list(tests, problem.request) : read_columns(gold, problem.request);
}

// Integers beyond 64 bits are read as doubles from JSON outside of a text.
bool lost_digits(const JsonValue& value) {
  constexpr double kExact = 0x1p63;
  const auto number = value.kind == Kind::kFloat ? sandboxes::parse_decimal(value.text) : std::nullopt;
  return (number && std::abs(*number) >= kExact) || std::ranges::any_of(value.items, lost_digits) ||
         std::ranges::any_of(value.members, [](const JsonMember& member) { return lost_digits(member.value); });
}

}  // namespace

Result<CodeProblem> read_code_gold(const json& gold, CodeProblem problem, int64_t max_tests) {
  const std::string text = gold.is_string() ? gold.get<std::string>()
                                            : gold.dump(-1, ' ', false, json::error_handler_t::replace);
  Result<JsonValue> value = sandboxes::parse_json_value(text);
  if (!value.ok()) return gold_error(value.error().message);
  JudgeRequest& request = problem.request;
  if (value->kind == Kind::kList) {
    HONE_TRY(read_test_list(*value, request));
  } else if (value->kind == Kind::kObject) {
    HONE_TRY(read_object(*value, problem));
  } else {
    return gold_error("must be a list of tests, or an object with tests or with inputs and outputs");
  }
  if (request.function && !gold.is_string() && lost_digits(*value))
    return gold_error("holds a number of 2^63 or more, which JSON readers round; write the gold as a text of JSON");
  if (max_tests > 0 && request.tests.size() > static_cast<size_t>(max_tests))
    request.tests.resize(static_cast<size_t>(max_tests));
  request.program.source = share("");
  if (const auto whole = sandboxes::check_request(request); !whole.ok()) return whole.error();
  return problem;
}

}  // namespace hone::rewards
