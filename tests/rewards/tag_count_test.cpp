#include "rewards/tag_count.h"

#include <gtest/gtest.h>

namespace hone::rewards {
namespace {

using nlohmann::json;

TEST(TagCount, IsTheShareOfTagsThatOccurOnce) {
  const struct { json tags; std::string_view prompt, completion; double score; } cases[] = {
      {{}, "", "<think>a</think><answer>b</answer>", 1},
      {{}, "", "</answer><answer></think><think>", 1},
      {{}, "", "<think><think>a</think><answer>b</answer>", .75},
      {{}, "", "a</think>b", .25},
      {{}, "q <think>\n", "a</think><answer>b</answer>", 1},
      {{}, "q <think>\n", "<think>a</think><answer>b</answer>", .75},
      {{}, "", "", 0},
      {{"[A]", "[/A]"}, "", "[A] x", .5}};
  for (const auto& [tags, prompt, completion, score] : cases) {
    const json options = tags.is_null() ? json::object() : json{{"tags", tags}};
    const auto result =
        make_checker("tag_count", options).value()->check({.prompt = prompt, .completion = completion});
    EXPECT_EQ(result.verdict, rl::Verdict::kScored);
    EXPECT_DOUBLE_EQ(result.score, score) << completion;
  }
}

TEST(TagCount, RefusesTagsThatAreNone) {
  EXPECT_FALSE(make_checker("tag_count", {{"tags", json::array()}}).ok());
  EXPECT_FALSE(make_checker("tag_count", {{"tags", {"<a>", " "}}}).ok());
}

}  // namespace
}  // namespace hone::rewards
