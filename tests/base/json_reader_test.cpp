#include "base/json_reader.h"

#include <gtest/gtest.h>

namespace hone {
namespace {

std::string problem_of(std::string_view text, int max_depth = 8) {
  const Result<nlohmann::json> result = parse_json(text, "f.json", max_depth);
  return result.ok() ? "" : result.error().to_string();
}

TEST(ParseJson, ReadsAValue) { EXPECT_EQ((*parse_json(R"({"a": [1, {"b": null}]})", "f"))["a"][1]["b"], nullptr); }

TEST(ParseJson, RefusesEqualKeysOfOneObjectOnly) {
  EXPECT_EQ(problem_of(R"({"a": 1, "b": 2, "a": 1})"), "f.json: key twice: a");
  EXPECT_EQ(problem_of(R"({"x": {"a": 1}, "y": {"a": 1}, "a": [{"a": 1}, {"a": 2}]})"), "");
  EXPECT_EQ(problem_of(R"([{"a": {"c": 1}, "b": 1, "b": 2}])"), "f.json: key twice: b");
}

TEST(ParseJson, RefusesDepthBeyondTheLimit) {
  EXPECT_EQ(problem_of("[[[]]]", 3), "");
  EXPECT_EQ(problem_of("[[[]]]", 2), "f.json: nested deeper than 2");
  EXPECT_EQ(problem_of(std::string(1'000'000, '[')), "f.json: nested deeper than 8");
  std::string objects;
  for (int i = 0; i < 1000; ++i) objects += "{\"a\": ";
  EXPECT_EQ(problem_of(objects), "f.json: nested deeper than 8");
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{} x", "nul", "[1,]", "1e999", "\"\xff\""}) {
    EXPECT_EQ(problem_of(text), "f.json: not valid JSON") << text;
  }
}

}  // namespace
}  // namespace hone
