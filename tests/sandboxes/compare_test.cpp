#include "sandboxes/compare.h"

#include <gtest/gtest.h>

#include <string>

namespace hone::sandboxes {
namespace {

constexpr auto kTokens = CompareMode::kTokens, kLines = CompareMode::kLines, kExact = CompareMode::kExact,
               kFloats = CompareMode::kFloats, kSetOfLines = CompareMode::kSetOfLines;

struct Case {
  CompareMode mode;
  std::string_view output, expected;
  bool equal;
};

using namespace std::string_view_literals;

constexpr Case kCases[] = {
    {kTokens, "1 2 3\n", "1 2 3", true},
    {kTokens, "  1\t2\r\n\v\f3", "1 2 3\n", true},
    {kTokens, "", " \n", true},
    {kTokens, "", "1", false},
    {kTokens, "1", "", false},
    {kTokens, "2 1 1", "1 1 2", false},
    {kTokens, "1 1 2", "1 2", false},
    {kTokens, "1 2", "1 1 2", false},
    {kTokens, "first\n", "first\nsecond\n", false},
    {kTokens, "1 2 3", "1 2", false},
    {kTokens, "12", "1 2", false},
    {kTokens, "Yes", "yes", false},
    {kTokens, "1.0", "1", false},
    {kTokens, "01", "1", false},
    {kTokens, "-0", "0", false},
    {kTokens, "1\0"sv, "1", false},
    {kTokens, "1 \0"sv, "1", false},
    {kTokens, "a\0b"sv, "a\0b"sv, true},
    {kTokens, "\xFF\xC0", "\xFF\xC0", true},
    {kTokens, "\xC2\xA0"sv "1", "1", false},
    {kLines, "a b \nc\n\n\n", "a b\nc", true},
    {kLines, "a b\r\nc\r\n", "a b\nc\n", true},
    {kLines, "a  b", "a b", false},
    {kLines, " a", "a", false},
    {kLines, "a\n\nb", "a\nb", false},
    {kLines, "a\nb", "a b", false},
    {kLines, "a", "a\nb", false},
    {kLines, "a\nb", "a", false},
    {kLines, "\na", "a", false},
    {kLines, "", "\n\n", true},
    {kExact, "a\n", "a\n", true},
    {kExact, "a", "a\n", false},
    {kExact, "a\n", "a", false},
    {kExact, "a\0"sv, "a", false},
    {kExact, "", "", true},
    {kSetOfLines, "b\na\n", "a\nb", true},
    {kSetOfLines, "b\n\na \n", "a\nb", true},
    {kSetOfLines, "a\na\nb", "a\nb\nb", false},
    {kSetOfLines, "a\na", "a", false},
    {kSetOfLines, "a b", "b a", false},
    {kFloats, "0.333334", "0.3333333333", true},
    {kFloats, "0.3334", "0.3333333333", false},
    {kFloats, "1000000.5", "1000000", true},
    {kFloats, "1e6", "1000000", true},
    {kFloats, "-1e+0", "-1", true},
    {kFloats, "+.5 5. 00.5", "0.5 5 0.5", true},
    {kFloats, "-0.0 -0 007", "0 0 7", true},
    {kFloats, "1000000001", "1000000000", false},
    {kFloats, "123456789012345678901234567891", "123456789012345678901234567890", false},
    {kFloats, "-5", "5", false},
    {kFloats, "2 1 1", "1 1 2", false},
    {kFloats, "1.0 2.0", "1.0", false},
    {kFloats, "nan", "0.5", false},
    {kFloats, "0.5", "nan", false},
    {kFloats, "nan", "nan", true},
    {kFloats, "inf", "1e300", false},
    {kFloats, "1e400", "1e300", false},
    {kFloats, "1e400", "inf", false},
    {kFloats, "0x10", "16", false},
    {kFloats, "1_000", "1000", false},
    {kFloats, "1,000", "1000", false},
    {kFloats, "+-1", "1", false},
    {kFloats, "--1", "1", false},
    {kFloats, "+", "1", false},
    {kFloats, ".", "0", false},
    {kFloats, "1e", "1", false},
    {kFloats, "1.0f", "1", false},
    {kFloats, "1.5\0"sv, "1.5", false},
    {kFloats, "same text", "same text", true},
};

TEST(Compare, Table) {
  for (const Case& c : kCases) {
    const CompareOptions options{.mode = c.mode, .tolerance = {1e-6, 1e-6}};
    const Comparison found = compare_outputs(c.output, c.expected, options);
    EXPECT_EQ(found.equal, c.equal) << static_cast<int>(c.mode) << " '" << c.output << "' '" << c.expected << "'";
    EXPECT_EQ(found.equal, found.reason.empty());
  }
}

// What the default output validator of Kattis and the ICPC documents, with the options that make it ours.
TEST(Compare, KattisDefaultValidator) {
  const CompareOptions plain{.case_sensitive = false};
  const auto tolerant = [](double absolute, double relative) {
    return CompareOptions{.mode = kFloats, .tolerance = {absolute, relative}, .case_sensitive = false};
  };
  const struct {
    CompareOptions options;
    std::string_view output, expected;
    bool equal;
  } cases[] = {
      {plain, "YES\n", "yes\n", true},
      {plain, " a   b\n\n", "a b", true},
      {plain, "a b c", "a b", false},
      {plain, "a", "a b", false},
      {plain, "", "a", false},
      {plain, "1.0", "1", false},
      {plain, "\xC3\x84", "\xC3\xA4", false},
      {{}, "YES", "yes", false},
      {tolerant(0.1, 0), "1.05", "1.0", true},
      {tolerant(0.1, 0), "1.2", "1.0", false},
      {tolerant(0, 0.01), "100.9", "100.0", true},
      {tolerant(0, 0.01), "102.0", "100.0", false},
      {tolerant(0, 0.01), "0.001", "0.0", false},
      {tolerant(0.01, 0.01), "0.001", "0.0", true},
      {tolerant(0, 0.5), "1.0", "2.0", true},   // relative to the judge's value,
      {tolerant(0, 0.5), "2.0", "1.0", false},  // not to the program's
      {tolerant(0.1, 0), "1.0 X", "1.05 x", true},
      {tolerant(0.1, 0), "inf", "Inf", true},
      {tolerant(0.1, 0), "nan", "1.0", false},
      {tolerant(1e9, 1e9), "inf", "1.0", false},
      {tolerant(0, 1e300), "inf", "1e300", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(compare_outputs(c.output, c.expected, c.options).equal, c.equal) << c.output << " | " << c.expected;
}

TEST(Compare, ReasonsNameThePlaceAndNeverTheText) {
  const auto reason = [](CompareMode mode, std::string_view output, std::string_view expected) {
    return compare_outputs(output, expected, {.mode = mode}).reason;
  };
  EXPECT_EQ(reason(kTokens, "1 5", "1 secret"), "token 2 differs");
  EXPECT_EQ(reason(kTokens, "1", "1 secret"), "the output ends before token 2");
  EXPECT_EQ(reason(kTokens, "1 2 3", "1 2"), "the output goes on after the 2 expected tokens");
  EXPECT_EQ(reason(kLines, "1\n5", "1\nsecret"), "line 2 differs");
  EXPECT_EQ(reason(kExact, "ab", "as"), "byte 2 differs");
  EXPECT_EQ(reason(kSetOfLines, "a\nb", "a"), "2 lines, not 1");
}

// A quadratic scan of a MiB would take hours.
TEST(Compare, MonstersEndSoon) {
  constexpr size_t kMebi = 1 << 20;
  const std::string monsters[] = {std::string(kMebi, ' '),  std::string(kMebi, '\0'), std::string(kMebi, '9'),
                                  std::string(kMebi, '\n'), "0." + std::string(kMebi, '3'),
                                  std::string(kMebi, '0') + "1e5"};
  for (const std::string& monster : monsters)
    for (CompareMode mode : {kTokens, kLines, kExact, kFloats, kSetOfLines}) {
      EXPECT_TRUE(compare_outputs(monster, monster, {.mode = mode}).equal);
      EXPECT_FALSE(compare_outputs(monster + "x", "1" + monster, {.mode = mode}).equal);
    }
  EXPECT_TRUE(compare_outputs("1" + monsters[0], "1", {}).equal);
  EXPECT_FALSE(compare_outputs("1" + monsters[1], "1", {}).equal);
}

}  // namespace
}  // namespace hone::sandboxes
