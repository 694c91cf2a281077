#include "base/parse_json.h"

#include <gtest/gtest.h>

namespace hone {
namespace {

std::string error_of(const std::string& text) {
  const auto parsed = parse_json(text);
  return parsed ? "" : parsed.error().message;
}

TEST(ParseJson, EqualKeysOfDifferentObjectsAreFine) {
  const auto parsed = parse_json(R"({"a": {"b": 1}, "b": [{"b": 2}, {"b": 3}], "c": {"a": 1, "b": 2}})");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ((*parsed)["b"][1]["b"], 3);
}

TEST(ParseJson, RefusesAKeyTwiceInOneObject) {
  EXPECT_EQ(error_of(R"({"a": 1, "b": {"a": 1}, "a": 2})"), "key \"a\" twice in one object");
}

TEST(ParseJson, RefusesMalformedTextWithItsByte) {
  EXPECT_EQ(error_of("{\"a\": 1} x"), "not JSON at byte 10");
  EXPECT_EQ(error_of("\"\xFF\""), "not JSON at byte 2");
  EXPECT_NE(error_of("\"\\ud800\""), "");
  EXPECT_NE(error_of(""), "");
}

TEST(ParseJson, RefusesNumbersBeyondDouble) { EXPECT_NE(error_of("1e999"), ""); }

TEST(ParseJson, BoundsDepth) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(error_of(nested(kMaxJsonDepth)), "");
  EXPECT_EQ(error_of(nested(kMaxJsonDepth + 1)), "nested deeper than 128 levels");
  EXPECT_NE(error_of(nested(1'000'000)), "");
}

}  // namespace
}  // namespace hone
