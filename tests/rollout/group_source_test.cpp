#include "rollout/group_source.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/piece_tokenizer.h"
#include "tests/support/rollout_run.h"

namespace hone::rollout {
namespace {

using hone::testing::expected_answer;
using hone::testing::FakeDecoder;
using hone::testing::make_request;

constexpr int kGroupSize = 4;

class GroupSourceTest : public ::testing::Test {
 protected:
  GroupSource make_source() {
    GroupSourceOptions options{.group_size = kGroupSize, .max_new_tokens = 30, .key = 42};
    options.stop = stop;
    GroupSourceCallbacks callbacks;
    callbacks.prompt = [](uint64_t serial) -> Result<rl::Prompt> {
      if (serial == 13) return Error{.code = ErrorCode::kNotFound, .message = "no row 13"};
      return rl::Prompt{serial, {.gold = "7"}, *request_of(serial).prompt};
    };
    callbacks.version = [] { return int64_t{5}; };
    Engine engine = Engine::create(decoder_, {.max_sequences = 16, .prefill_chunk = 16}).value();
    return GroupSource(std::move(engine), tokenizer_, options, callbacks);
  }

  static std::vector<std::string> letters() {
    std::vector<std::string> out;
    for (int32_t token = 0; token < hone::testing::kFakeVocabulary; ++token) out.emplace_back(1, 'a' + token);
    return out;
  }

  static GroupRequest request_of(uint64_t serial) {
    return make_request(static_cast<uint32_t>(serial), 10 + static_cast<int32_t>(serial), kGroupSize, 30);
  }

  StopRule stop{.tokens = {3}};
  FakeDecoder decoder_;
  const hone::testing::PieceTokenizer tokenizer_{letters()};
};

TEST_F(GroupSourceTest, GivesEachSampleOfEachGroupOnce) {
  GroupSource source = make_source();
  ASSERT_TRUE(source.issue(3, 5).ok());
  std::map<std::pair<uint64_t, uint32_t>, rl::Sample> samples;
  while (const auto finished = source.next().value()) {
    EXPECT_EQ(finished->prompt->problem.gold, "7");
    EXPECT_TRUE(samples.emplace(std::pair(finished->prompt->serial, finished->sample.index), finished->sample).second);
  }
  ASSERT_EQ(samples.size(), 5u * kGroupSize);
  for (const auto& [place, sample] : samples) {
    const FinishedAnswer expected = expected_answer(request_of(place.first), place.second);
    ASSERT_EQ(sample.tokens.size(), expected.draws.size());
    for (size_t i = 0; i < sample.tokens.size(); ++i) {
      EXPECT_EQ(sample.tokens[i], expected.draws[i].token);
      EXPECT_EQ(sample.logprobs[i], expected.draws[i].logprob);
      EXPECT_EQ(sample.entropies[i], expected.draws[i].entropy);
    }
    EXPECT_EQ(sample.finish, expected.finish);
    EXPECT_EQ(sample.version, 5);
  }
}

TEST_F(GroupSourceTest, TextLeavesOutTheStopTokenOnly) {
  GroupSource source = make_source();
  ASSERT_TRUE(source.issue(0, 8).ok());
  std::map<rl::FinishReason, int> seen;
  while (const auto finished = source.next().value()) {
    const rl::Sample& sample = finished->sample;
    const bool stopped = sample.finish == rl::FinishReason::kStop;
    EXPECT_EQ(sample.text.size(), sample.tokens.size() - (stopped ? 1 : 0));
    ++seen[sample.finish];
  }
  EXPECT_EQ(seen.size(), 2u) << "both ways to end must occur";
}

TEST_F(GroupSourceTest, TextHoldsTheStopTextThatEndedIt) {
  stop = {.texts = {"f", "kk"}};
  GroupSource source = make_source();
  ASSERT_TRUE(source.issue(0, 8).ok());
  int stopped = 0;
  while (const auto finished = source.next().value()) {
    const rl::Sample& sample = finished->sample;
    EXPECT_EQ(sample.text.size(), sample.tokens.size());
    EXPECT_EQ(sample.text.ends_with("f") || sample.text.ends_with("kk"), sample.finish == rl::FinishReason::kStop);
    stopped += sample.finish == rl::FinishReason::kStop;
  }
  EXPECT_GT(stopped, 0);
}

TEST_F(GroupSourceTest, GroupsDoNotDependOnHowTheyAreIssued) {
  const auto texts = [this](std::vector<std::pair<uint64_t, int>> calls) {
    GroupSource source = make_source();
    std::map<std::pair<uint64_t, uint32_t>, std::string> result;
    for (const auto& [first, count] : calls) {
      EXPECT_TRUE(source.issue(first, count).ok());
      if (const auto finished = source.next().value()) {
        result[{finished->prompt->serial, finished->sample.index}] = finished->sample.text;
      }
    }
    while (const auto finished = source.next().value()) {
      result[{finished->prompt->serial, finished->sample.index}] = finished->sample.text;
    }
    return result;
  };
  EXPECT_EQ(texts({{0, 6}}), texts({{4, 2}, {0, 1}, {1, 3}}));
}

TEST_F(GroupSourceTest, NothingInFlightGivesNothing) {
  EXPECT_FALSE(make_source().next().value().has_value());
}

TEST_F(GroupSourceTest, ErrorOfThePromptComesThrough) {
  const auto result = make_source().issue(12, 3);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "no row 13");
}

TEST_F(GroupSourceTest, SerialBeyondTheRandomStreamIsRefused) {
  EXPECT_FALSE(make_source().issue(uint64_t{1} << 32, 1).ok());
}

}  // namespace
}  // namespace hone::rollout
