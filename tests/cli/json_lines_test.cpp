#include "cli/json_lines.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <limits>

#include "base/philox.h"

namespace hone::cli {
namespace {

TEST(JsonObject, KeepsTheOrderOfItsKeys) {
  JsonObject inner;
  inner.add("b", 1);
  JsonObject object;
  object.add("z", "a\"b");
  object.add("list", std::vector<JsonObject>{inner, inner});
  object.append(inner);
  EXPECT_EQ(object.text(), R"({"z":"a\"b","list":[{"b":1},{"b":1}],"b":1})");
}

TEST(JsonObject, ReplacesBytesThatAreNotUtf8) {
  JsonObject object;
  object.add("text", "a\xFF");
  EXPECT_EQ(object.text(), "{\"text\":\"a\xEF\xBF\xBD\"}");
}

// As a reader of JSON does: as a double, then rounded to f32.
float read_back(float value) {
  JsonObject object;
  object.add_floats("x", std::span(&value, 1));
  return nlohmann::json::parse(object.text())["x"][0].get<float>();
}

TEST(JsonObject, FloatsParseBackToTheSameBits) {
  const auto bits = [](float value) { return std::bit_cast<uint32_t>(value); };
  const auto same = [&](float value) { return bits(read_back(value)) == bits(value); };
  for (float value : {0.0f, -0.0f, -1.0f, 0.1f, 1e-45f, std::numeric_limits<float>::max()}) {
    EXPECT_TRUE(same(value)) << value;
  }
  PhiloxStream random(1, 2);
  for (int i = 0; i < 20000; ++i) {
    const float value = std::bit_cast<float>(random.next());
    EXPECT_TRUE(value - value != 0 || same(value)) << value;
  }
}

TEST(JsonObject, FloatsHaveNoMoreDigitsThanTheyNeed) {
  const float values[] = {-0.1f, 0.25f};
  JsonObject object;
  object.add_floats("x", values);
  EXPECT_EQ(object.text(), R"({"x":[-0.1,0.25]})");
}

TEST(ReadTokens, NamesWhatIsNoToken) {
  const auto read = [](const char* text) { return read_tokens(nlohmann::json::parse(text), "ids", 25); };
  EXPECT_EQ(*read(R"({"ids": [0, 24]})"), (std::vector<int32_t>{0, 24}));
  for (const char* bad : {R"({"ids": [25]})", R"({"ids": [-1]})", R"({"ids": [1.0]})", R"({"ids": ["1"]})",
                          R"({"ids": [18446744073709551615]})", R"({"ids": 1})", "{}"}) {
    const auto tokens = read(bad);
    ASSERT_FALSE(tokens.ok()) << bad;
    EXPECT_EQ(tokens.error().field, "ids");
  }
}

}  // namespace
}  // namespace hone::cli
