#include "sandboxes/judge_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace hone::sandboxes {
namespace {

bool matches(const std::string& answer, const std::string& expected, const Tolerance& tolerance = {}) {
  const Result<JsonValue> value = parse_json_value(expected);
  EXPECT_TRUE(value.ok()) << expected;
  return value.ok() && answer_matches(answer, *value, tolerance);
}

TEST(AnswerMatches, Table) {
  const struct {
    std::string answer, expected;
    bool equal;
  } cases[] = {
      {"1", "1", true},
      {" [ 1 , 2 ]\n", "[1,2]", true},
      {"[1,2]", "[2,1]", false},
      {"[1]", "[1,2]", false},
      {"[1,2,3]", "[1,2]", false},
      {"[1,2", "[1,2]", false},
      {"[1,2]]", "[1,2]", false},
      {"[]", "[]", true},
      {"[]", "{}", false},
      {"1.0", "1", true},
      {"1", "1.0", true},
      {"1e2", "100", true},
      {"0.30000000000000004", "0.3", false},
      {"true", "1", false},
      {"1", "true", false},
      {"false", "0", false},
      {"null", "null", true},
      {"null", "0", false},
      {"\"1\"", "1", false},
      {"1", "\"1\"", false},
      {"-0", "0", true},
      {"-0.0", "0", true},
      {"123456789012345678901234567891", "123456789012345678901234567890", false},
      {"123456789012345678901234567890", "123456789012345678901234567890", true},
      {"9007199254740993", "9007199254740992", false},
      {"9007199254740992.0", "9007199254740993", false},
      {"9007199254740993", "9007199254740992.0", false},
      {"1e30", "1000000000000000000000000000000", false},
      {"1e22", "10000000000000000000000", true},
      {"-10000000000000000000000", "-1e22", true},
      {"1.5", "1", false},
      {"1e400", "1e300", false},
      {"1e400", "1e400", false},
      {"NaN", "1", false},
      {"Infinity", "1", false},
      {"0x10", "16", false},
      {"01", "1", false},
      {"+1", "1", false},
      {"1.", "1", false},
      {".5", "0.5", false},
      {"\"\\u00e4\\ud83d\\ude00\\n\"", "\"\xC3\xA4\xF0\x9F\x98\x80\\n\"", true},
      {"\"a\"", "\"A\"", false},
      {"\"\\ud83d\"", "\"x\"", false},
      {"\"\\udc00\"", "\"x\"", false},
      {"\"\xFF\"", "\"x\"", false},
      {"\"a\nb\"", "\"a\\nb\"", false},
      {R"({"a":1,"b":[2]})", R"({"b":[2],"a":1})", true},
      {R"({"a":1,"a":1})", R"({"a":1,"b":1})", false},
      {R"({"a":1})", R"({"a":1,"b":1})", false},
      {R"({"a":1,"b":1})", R"({"a":1})", false},
      {R"({"a":1,})", R"({"a":1})", false},
      {R"({"a" 1})", R"({"a":1})", false},
      {"", "1", false},
      {"1 1", "1", false},
      {std::string("1\0", 2), "1", false},
  };
  for (const auto& c : cases) EXPECT_EQ(matches(c.answer, c.expected), c.equal) << c.answer << " | " << c.expected;
}

TEST(AnswerMatches, FloatsWithinTheTolerance) {
  const Tolerance tolerance{1e-6, 0};
  EXPECT_TRUE(matches("0.30000000000000004", "0.3", tolerance));
  EXPECT_TRUE(matches("3.0000005", "3", tolerance));
  EXPECT_FALSE(matches("3.000002", "3", tolerance));
  EXPECT_FALSE(matches("1000001", "1000000", {0, 1e-3}));
}

TEST(AnswerMatches, MonstersEndSoon) {
  const std::string deep(8 << 20, '['), digits(8 << 20, '9');
  EXPECT_FALSE(matches(deep, "[[1]]"));
  EXPECT_FALSE(matches(digits, "1"));
  EXPECT_TRUE(matches(digits, digits));
  EXPECT_FALSE(matches("\"" + deep, "\"x\""));
  EXPECT_FALSE(matches("1." + digits, "1"));
}

TEST(ParseJsonValue, RefusesWhatIsNoJson) {
  const char* bad[] = {
      "",          "[1,]", "[,1]", "{\"a\"}", "{\"a\":1,}",        "{1:2}", "[1 2]", "nul", "truex", "\"\\x\"",
      "\"\\u12\"", "'a'",  "-",    "1e",      "{\"a\":1,\"a\":2}", "[1]x",  "\x01"};
  for (const char* text : bad) EXPECT_FALSE(parse_json_value(text).ok()) << text;
  EXPECT_TRUE(parse_json_value(std::string(64, '[') + std::string(64, ']')).ok());
  EXPECT_FALSE(parse_json_value(std::string(65, '[') + std::string(65, ']')).ok());
  EXPECT_FALSE(parse_json_value(std::string(1 << 20, '[')).ok());
  EXPECT_FALSE(parse_json_value(std::string(1 << 20, '{')).ok());
}

TEST(ParseJsonValue, KeepsTextsAndTheirPlaces) {
  const std::string text = R"( {"b": [1.50, -3], "a": "x\ty"} )";
  const JsonValue value = parse_json_value(text).value();
  EXPECT_EQ(value.find("a")->text, "x\ty");
  EXPECT_EQ(value.find("b")->source, "[1.50, -3]");
  EXPECT_EQ(value.find("b")->items[0].text, "1.50");
  EXPECT_EQ(value.find("b")->items[1].kind, JsonValue::Kind::kInteger);
  EXPECT_EQ(value.find("c"), nullptr);
}

}  // namespace
}  // namespace hone::sandboxes
