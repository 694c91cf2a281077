#include "trainer/data_format.h"

#include <gtest/gtest.h>

#include <ostream>

#include "base/json_reader.h"

namespace hone::trainer {
namespace {

using nlohmann::json;

json parse(const std::string& text) { return parse_json(text, "row").value(); }

// "prompt | gold | completion | data_source | extra_info", or the error.
std::string read(const std::string& row, DataFormat format = DataFormat::kAuto, const Columns& columns = {},
                 DataNeeds needs = {}) {
  const json object = parse(row);
  if (format == DataFormat::kAuto) {
    const auto detected = detect_format(object, columns);
    if (!detected) return detected.error().to_string();
    format = *detected;
  }
  const auto out = read_row(object, format, columns, needs);
  if (!out) return out.error().to_string();
  return out->prompt + " | " + out->gold + " | " + out->completion + " | " + out->data_source + " | " + out->extra_info;
}

struct Case {
  const char* name;
  const char* row;
  const char* expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Detected : public testing::TestWithParam<Case> {};

TEST_P(Detected, RowsOfEveryShapeGiveTheirProblem) {
  EXPECT_EQ(read(GetParam().row, DataFormat::kAuto, {}, {.completion = true}), GetParam().expected);
}

const Case kShapes[] = {
    {"hone", R"({"prompt": "Q", "gold": [1, "one"], "completion": "C", "data_source": "d", "extra_info": {"i": 1}})",
     R"(Q | [1,"one"] | C | d | {"i":1})"},
    {"hone_messages", R"({"prompt": [{"role": "user", "content": "Q"}], "gold": "1", "completion": "C"})",
     R"([{"content":"Q","role":"user"}] | "1" | C |  | {})"},
    {"verl", R"({"data_source": "openai/gsm8k", "prompt": [{"role": "user", "content": "Q"}], "ability": "math",
                 "reward_model": {"style": "rule", "ground_truth": "72"}, "completion": "C",
                 "extra_info": {"split": "train", "index": 0}})",
     R"([{"content":"Q","role":"user"}] | "72" | C | openai/gsm8k | {"ability":"math","index":0,)"
     R"("reward_model":{"ground_truth":"72","style":"rule"},"split":"train"})"},
    {"gsm8k", R"({"question": "Q", "answer": "She sold 48/2 = <<48/2=24>>24 clips.\nIn all 1,072.\n#### 1,072"})",
     "Q | \"1072\" | She sold 48/2 = 24 clips.\nIn all 1,072. |  | {}"},
    {"math", R"({"problem": "Q", "level": "Level 5", "type": "Algebra", "solution": "So $\\boxed{\\frac{1}{2}}$."})",
     R"(Q | "\\frac{1}{2}" | So $\boxed{\frac{1}{2}}$. |  | {"level":"Level 5","type":"Algebra"})"},
    {"math_500", R"({"problem": "Q", "solution": "So \\boxed{7}.", "answer": "7.0", "subject": "Algebra", "level": 5})",
     R"(Q | "7.0" | So \boxed{7}. |  | {"level":5,"subject":"Algebra"})"},
    {"trl_prompt_completion", R"({"prompt": [{"role": "user", "content": "Q"}],
                                  "completion": [{"role": "assistant", "content": "C"}], "solution": "$x=1$"})",
     R"([{"content":"Q","role":"user"}] | "$x=1$" | C |  | {})"},
    {"trl_messages", R"({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"},
                                      {"role": "assistant", "content": "C", "tool_calls": null}]})",
     R"([{"content":"S","role":"system"},{"content":"Q","role":"user"}] |  | C |  | {})"},
    {"trl_text", R"({"text": "C"})", " |  | C |  | {}"},
    {"null_is_missing", R"({"prompt": "Q", "gold": null, "completion": "C", "data_source": null, "extra_info": null})",
     "Q |  | C |  | {}"},
};
INSTANTIATE_TEST_SUITE_P(All, Detected, testing::ValuesIn(kShapes), [](const auto& info) { return info.param.name; });

TEST(DataFormat, MultipleTurnsTrainTheLastAnswerOnly) {
  EXPECT_EQ(read(R"({"messages": [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"},
                                  {"role": "user", "content": "3"}, {"role": "assistant", "content": "4"}]})",
                 DataFormat::kTrl, {}, {.completion = true}),
            R"([{"content":"1","role":"user"},{"content":"2","role":"assistant"},{"content":"3","role":"user"}])"
            " |  | 4 |  | {}");
}

TEST(DataFormat, GoldsOfWorkedText) {
  const auto gsm8k = [](const std::string& answer) { return read(json{{"question", "Q"}, {"answer", answer}}.dump()); };
  EXPECT_EQ(gsm8k("#### first\n#### -12 500"), "Q | \"-12500\" | #### first |  | {}");
  EXPECT_EQ(gsm8k("an open << is no annotation\n#### 5"), "Q | \"5\" | an open << is no annotation |  | {}");
  const auto math = [](const std::string& text) { return read(json{{"problem", "Q"}, {"solution", text}}.dump()); };
  EXPECT_EQ(math("\\boxed{1}, no: \\boxed{\\{1, \\text{a {b}}\\}}"),
            "Q | \"\\\\{1, \\\\text{a {b}}\\\\}\" | \\boxed{1}, no: \\boxed{\\{1, \\text{a {b}}\\}} |  | {}");
  EXPECT_EQ(math("\\boxed 5"), "Q | \"5\" | \\boxed 5 |  | {}");
  EXPECT_EQ(math("none"), "Q |  | none |  | {}");
}

TEST(DataFormat, ColumnsAreMappedByName) {
  const std::string row = R"({"q": "Q", "right": {"value": 7}, "steps": "C", "from": "d", "right.value": 8, "e.f": 9})";
  EXPECT_EQ(read(row, DataFormat::kAuto, {"q", "right.value", "steps", "from"}),
            R"(Q | 8 | C | d | {"e.f":9,"right":{"value":7}})");
  EXPECT_EQ(read(R"({"q": "Q", "right": {"value": 7}})", DataFormat::kAuto, {"q", "right.value"}),
            R"(Q | 7 |  |  | {"right":{"value":7}})");
  EXPECT_EQ(read(R"({"in": "Q", "out": "C #### 4"})", DataFormat::kGsm8k, {.prompt = "in", .gold = "out"}),
            R"(Q | "4" | C |  | {})");
}

TEST(DataFormat, ErrorsNameTheColumn) {
  const DataNeeds gold{.gold = true}, completion{.completion = true};
  const auto expect = [](const std::string& row, DataFormat format, DataNeeds needs, const std::string& error) {
    EXPECT_EQ(read(row, format, {}, needs), error) << row;
  };
  expect(R"({"gold": 1})", DataFormat::kHone, gold, "prompt: is missing");
  expect(R"({"prompt": 5})", DataFormat::kHone, gold, "prompt: must be a text or a list of messages, not number");
  expect(R"({"prompt": ""})", DataFormat::kHone, gold, "prompt: is empty");
  expect(R"({"prompt": "p"})", DataFormat::kHone, gold, "gold: is missing");
  expect(R"({"prompt": "p"})", DataFormat::kHone, completion, "completion: is missing");
  expect(R"({"prompt": "p", "reward_model": {"style": "rule"}})", DataFormat::kVerl, gold,
         "reward_model.ground_truth: is missing");
  expect(R"({"prompt": "p", "reward_model": "72"})", DataFormat::kVerl, gold, "reward_model.ground_truth: is missing");
  expect(R"({"prompt": "p"})", DataFormat::kTrl, gold, "solution: is missing");
  expect(R"({"question": "q", "answer": "42"})", DataFormat::kGsm8k, gold,
         "answer: holds no \"####\" with the answer after it");
  expect(R"({"question": "q", "answer": "#### "})", DataFormat::kGsm8k, gold, "answer: has nothing after \"####\"");
  expect(R"({"question": "q", "answer": "#### 4"})", DataFormat::kGsm8k, completion,
         "answer, its text before \"####\": is missing");
  expect(R"({"problem": "q", "solution": "42"})", DataFormat::kMath, gold, "solution, its \\boxed answer: is missing");
  expect(R"({"text": "t"})", DataFormat::kTrl, {}, "text: is no prompt; this stage asks questions");
  expect(R"({"prompt": []})", DataFormat::kHone, {}, "prompt: has no messages");
  expect(R"({"prompt": ["p"]})", DataFormat::kHone, {},
         "prompt[0]: must be a message with role and content, not string");
  expect(R"({"prompt": [{"role": "user"}]})", DataFormat::kHone, {}, "prompt[0].content: is missing");
  expect(R"({"prompt": [{"role": "user", "content": null}]})", DataFormat::kHone, {},
         "prompt[0].content: must be a text, not null");
  expect(R"({"prompt": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "c"}]})", DataFormat::kHone,
         {}, "prompt[1].role: is assistant; the last message must be one to be answered");
  expect(R"({"messages": [{"role": "assistant", "content": "c"}]})", DataFormat::kTrl, completion,
         "messages: has nothing before the answer");
  expect(R"({"prompt": "p", "completion": [{"role": "user", "content": "c"}]})", DataFormat::kHone, completion,
         "completion: must end with a message of the assistant");
  expect(R"({"prompt": "p", "gold": 1, "extra_info": 2})", DataFormat::kHone, gold,
         "extra_info: must be an object, not number");
  expect(R"({"prompt": "p", "gold": 1, "a": 1, "extra_info": {"a": 1}})", DataFormat::kHone, gold,
         "a: is also a member of extra_info");
}

TEST(DataFormat, ColumnsThatFitNoFormatAreNamed) {
  EXPECT_EQ(read(R"({"question": "q", "answer": "42"})"),
            "the columns (answer, question) fit no known format; say which is which: columns: {prompt: …, gold: …}, or "
            "give the format");
  EXPECT_EQ(read("{}"), "the columns (none) fit no known format; say which is which: columns: {prompt: …, gold: …}, or "
                        "give the format");
}

}  // namespace
}  // namespace hone::trainer
