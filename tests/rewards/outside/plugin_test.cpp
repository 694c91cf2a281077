// Checkers in shared libraries, built here by the compiler as a user would.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "rewards/checker.h"
#include "tests/support/temp_dir.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;
using ::testing::HasSubstr;

constexpr char kC[] = "gcc -shared -fPIC -I " HONE_SOURCE_DIR " " HONE_SOURCE_DIR "/tests/rewards/scripts/c_plugin.c";

class Plugin : public ::testing::Test {
 protected:
  // The path of the library.
  std::string build(const std::string& command) {
    const std::string path = directory_.file(str("p", ++built_, ".so"));
    EXPECT_EQ(std::system((command + " -o " + path).c_str()), 0) << command;
    return path;
  }
  static std::string error_of(const json& options) {
    const auto checker = make_checker("plugin", options);
    return checker.ok() ? "" : checker.error().to_string();
  }

  const testing::TempDir directory_;
  int built_ = 0;
};

TEST_F(Plugin, TheExampleOfTheTreeIsAPlugInToo) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the plug-in would have to be built with the sanitizer too";
#endif
  const std::string path = build("g++ -std=c++20 -O2 -shared -fPIC -I " HONE_SOURCE_DIR " " HONE_SOURCE_DIR
                                 "/rewards/example_checker.cpp -u hone_plugin -L " HONE_BINARY_DIR
                                 " -lhone_plugin -lhone_base");
  const auto checker = make_checker("plugin", {{"path", path}, {"options", R"({"ignore_case": true})"}});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  const json gold = "Yes", number = 1;
  EXPECT_TRUE((*checker)->check_gold(gold).ok());
  EXPECT_THAT((*checker)->check_gold(number).error().message, HasSubstr("the gold must be a text, not 1"));
  const CheckResult right = (*checker)->check({.completion = "hm\nyES", .gold = &gold});
  EXPECT_EQ(right.verdict, Verdict::kCorrect);
  EXPECT_EQ(right.score, 1);
  EXPECT_EQ(right.extracted, "yES");
  EXPECT_EQ((*checker)->check({.completion = "no", .gold = &gold}).verdict, Verdict::kWrong);
  EXPECT_EQ((*checker)->check({.completion = "yes\n", .gold = &gold}).verdict, Verdict::kNoAnswer);
  EXPECT_EQ((*checker)->check({.completion = "yes"}).verdict, Verdict::kGoldError);
  EXPECT_THAT(error_of({{"path", path}, {"options", R"({"ignore_cas": true})"}}), HasSubstr("unknown key"));
  EXPECT_THAT(error_of({{"path", path}, {"name", "other"}}), HasSubstr("there is no checker 'other'"));
}

TEST_F(Plugin, APlugInInCSeesTheGroup) {
  const auto checker = make_checker("plugin", {{"path", build(kC)}});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  EXPECT_TRUE((*checker)->wants_group());
  const std::vector<CheckInput> group = {{.completion = "a"}, {.completion = "bb"}};
  const std::vector<CheckResult> results = (*checker)->check_group(group);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].score, 1);
  EXPECT_EQ(results[1].score, 0.5);
  EXPECT_EQ(results[1].extracted, "bb");
  EXPECT_EQ(results[1].reason, "two lines");
}

TEST_F(Plugin, WhatIsNoResultIsNoScore) {
  const auto checker = make_checker("plugin", {{"path", build(kC)}});
  ASSERT_TRUE(checker.ok()) << checker.error().to_string();
  for (const char* completion : {"NaN", "Verdict", "Silent"})
    EXPECT_EQ((*checker)->check({.completion = completion}).verdict, Verdict::kInfra) << completion;
}

TEST_F(Plugin, WhatCannotBeLoadedSaysWhy) {
  const std::string text = directory_.file("text.so");
  ASSERT_TRUE(write_file_atomic(text, "not a library").ok());
  EXPECT_THAT(error_of({{"path", directory_.file("none.so")}}), HasSubstr("No such file"));
  EXPECT_THAT(error_of({{"path", text}}), HasSubstr("cannot be loaded"));
  EXPECT_THAT(error_of({{"path", build(str(kC, " -DNO_SYMBOL"))}}), HasSubstr("does not export hone_plugin"));
  EXPECT_THAT(error_of({{"path", build(str(kC, " -DABI=7"))}}), HasSubstr("version 7 of the plug-in interface"));
  EXPECT_THAT(error_of({{"path", build(kC)}, {"options", R"({"a": 1})"}}), HasSubstr("takes no options"));
  EXPECT_THAT(error_of({{"path", build(kC)}, {"options", "[]"}}), HasSubstr("must be a JSON object"));
}

}  // namespace
}  // namespace hone::rewards
