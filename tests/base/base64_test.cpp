#include "base/base64.h"

#include <gtest/gtest.h>

#include <array>

namespace hone {
namespace {

TEST(Base64, IsThatOfRfc4648) {
  constexpr std::array<std::array<const char*, 2>, 7> kVectors = {{{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}}};
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, GivesEveryByteBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  for (size_t length = 0; length <= all.size(); ++length)
    EXPECT_EQ(from_base64(to_base64(all.substr(0, length))), all.substr(0, length));
}

TEST(Base64, RefusesWhatIsNot) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Z g=", "Zh==", "Zm9=", "Zg==Zg==", "Zm-_"})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace hone
