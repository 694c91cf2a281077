#include "rollout/engine.h"

#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/piece_tokenizer.h"
#include "tests/support/rollout_run.h"

namespace hone::rollout {
namespace {

using ::testing::HasSubstr;
using hone::testing::append;
using hone::testing::describe;
using hone::testing::expect_right;
using hone::testing::FakeDecoder;
using hone::testing::FakeDecoderSize;
using hone::testing::make_request;
using hone::testing::run_all;
using hone::testing::sort_answers;

std::vector<GroupRequest> mixed_requests() {
  std::vector<GroupRequest> requests;
  for (uint32_t i = 0; i < 6; ++i) requests.push_back(make_request(i, 5 + 9 * i, 1 + i % 4, 40));
  return requests;
}

TEST(Engine, AnswersAreThoseOfEachSequenceAlone) {
  const auto requests = mixed_requests();
  expect_right(run_all(requests, {}, {.max_sequences = 64, .prefill_chunk = 64}), requests);
}

TEST(Engine, AnswersDoNotDependOnThePrefillChunk) {
  const auto requests = mixed_requests();
  for (int32_t chunk = 1; chunk <= 7; ++chunk) {
    expect_right(run_all(requests, {}, {.max_sequences = 8, .prefill_chunk = chunk}), requests);
  }
}

TEST(Engine, AnswersDoNotDependOnTheNumberOfSequences) {
  const auto requests = mixed_requests();
  for (int32_t sequences : {1, 2, 3, 5, 17}) {
    expect_right(run_all(requests, {.max_rows = 17}, {.max_sequences = sequences, .prefill_chunk = 9}), requests);
  }
}

TEST(Engine, AnswersDoNotDependOnOtherRequests) {
  const auto requests = mixed_requests();
  for (const GroupRequest& request : requests) {
    expect_right(run_all({request}, {}, {.max_sequences = 64, .prefill_chunk = 64}), {request});
  }
}

TEST(Engine, AnswersDependOnKeySerialAndSample) {
  GroupRequest request = make_request(0, 20, 2, 30);
  request.stop.tokens.clear();
  const auto draws_of = [](const GroupRequest& r, size_t sample) {
    return describe({.draws = run_all({r}, {}, {.max_sequences = 8, .prefill_chunk = 8}).answers[sample].draws});
  };
  GroupRequest other_key = request, other_serial = request;
  other_key.key += 1;
  other_serial.serial += 1;
  EXPECT_NE(draws_of(request, 0), draws_of(request, 1));
  EXPECT_NE(draws_of(request, 0), draws_of(other_key, 0));
  EXPECT_NE(draws_of(request, 0), draws_of(other_serial, 0));
}

// The pool holds 1.0 to 1.5 sequences; the prompts end before, at and after the end of a block.
TEST(Engine, PreemptedAnswersAreThoseOfAnUnlimitedPool) {
  for (int32_t prompt_length : {1, 15, 16, 17, 31, 32, 40}) {
    std::vector<GroupRequest> requests;
    for (uint32_t i = 0; i < 3; ++i) {
      requests.push_back(make_request(i, prompt_length, 4, 64));
      requests.back().stop.tokens.clear();
    }
    const int32_t alone = blocks_for(prompt_length + 63);
    for (int32_t num_blocks = alone; num_blocks <= alone + (alone + 1) / 2; ++num_blocks) {
      const auto result = run_all(requests, {.num_blocks = num_blocks}, {.max_sequences = 12, .prefill_chunk = 10});
      expect_right(result, requests);
    }
  }
}

TEST(Engine, PoolExhaustionPreempts) {
  std::vector<GroupRequest> requests = {make_request(0, 40, 8, 64)};
  requests[0].stop.tokens.clear();
  EXPECT_EQ(run_all(requests, {.num_blocks = 64}, {.max_sequences = 8, .prefill_chunk = 64}).counters.preemptions, 0);
  EXPECT_GT(run_all(requests, {.num_blocks = 14}, {.max_sequences = 8, .prefill_chunk = 64}).counters.preemptions, 0);
}

TEST(Engine, NothingIsDrawnTwice) {
  std::vector<GroupRequest> requests = {make_request(0, 40, 8, 64), make_request(1, 50, 8, 64)};
  for (int32_t num_blocks : {8, 11, 64}) {
    const auto result = run_all(requests, {.num_blocks = num_blocks}, {.max_sequences = 8, .prefill_chunk = 16});
    int64_t tokens = 0;
    for (const auto& answer : result.answers) tokens += static_cast<int64_t>(answer.draws.size());
    EXPECT_EQ(result.counters.tokens, tokens);
  }
}

// Some groups end with their first token, some sequences never meet a stop token.
std::vector<GroupRequest> random_requests(uint32_t first_serial, PhiloxStream& random) {
  std::vector<GroupRequest> requests;
  const uint32_t count = 1 + random.below(8);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t prompt_length = 1 + random.below(50), num_samples = 1 + random.below(6);
    requests.push_back(make_request(first_serial + i, prompt_length, num_samples, 1 + random.below(60)));
    requests.back().stop.tokens.clear();
    for (uint32_t stop = random.below(6); stop < 5; ++stop) requests.back().stop.tokens.push_back(stop);
  }
  return requests;
}

int32_t blocks_of_longest(const std::vector<GroupRequest>& requests) {
  int32_t blocks = 0;
  for (const auto& request : requests) {
    blocks = std::max(blocks, blocks_for(static_cast<int64_t>(request.prompt->size()) + request.max_new_tokens - 1));
  }
  return blocks;
}

TEST(Engine, RandomLimitsChangeNoAnswer) {
  for (uint32_t trial = 0; trial < 300 && !HasFatalFailure(); ++trial) {
    SCOPED_TRACE(str("trial ", trial));
    PhiloxStream random(5, trial);
    const auto requests = random_requests(trial * 10, random);
    const auto num_blocks = static_cast<int32_t>(blocks_of_longest(requests) + random.below(20));
    const auto max_rows = static_cast<int32_t>(1 + random.below(40));
    const auto max_sequences = static_cast<int32_t>(1 + random.below(max_rows));
    const auto prefill_chunk = static_cast<int32_t>(1 + random.below(50));
    expect_right(run_all(requests, {num_blocks, max_rows}, {max_sequences, prefill_chunk}), requests);
  }
}

// Tokens of one letter and of several, parts of characters, a control token.
const hone::testing::PieceTokenizer kTokenizer({"a", "b", "ab", "ba", "c", "abc", "bca", "\xC3", "\xA9", "\u00e9",
                                                "a\u00e9", "\u00e9a", "\xE2\x82", "\xAC", "\u20ac", "\u20aca", "",
                                                "", " ", "aab", "bab", "cc", "x", "xyz"});
constexpr const char* kStopTexts[] = {"abab", "\u00e9a", "bca", "a\u20ac", "cab", "xx", "ab a", "zx", "\u20ac\u00e9"};

TEST(Engine, StopTextsEndAnswersWhateverTheLimits) {
  std::set<std::string> ends;
  for (uint32_t trial = 0; trial < 200 && !HasFatalFailure(); ++trial) {
    SCOPED_TRACE(str("trial ", trial));
    PhiloxStream random(6, trial);
    auto requests = random_requests(trial * 10, random);
    for (GroupRequest& request : requests) {
      request.tokenizer = &kTokenizer;
      request.stop.tokens.resize(std::min<size_t>(1, request.stop.tokens.size()));
      for (const char* text : kStopTexts)
        if (random.below(3) == 0) request.stop.texts.emplace_back(text);
    }
    const auto num_blocks = static_cast<int32_t>(blocks_of_longest(requests) + random.below(6));
    const auto max_rows = static_cast<int32_t>(1 + random.below(40));
    const auto prefill_chunk = static_cast<int32_t>(1 + random.below(9));
    const auto result = run_all(requests, {num_blocks, max_rows}, {max_rows, prefill_chunk});
    expect_right(result, requests);
    for (const auto& answer : result.answers)
      ends.insert(answer.stop_text ? "text" : answer.finish == rl::FinishReason::kStop ? "token" : "length");
  }
  EXPECT_EQ(ends.size(), 3u) << "all three ways to end must occur";
}

TEST(Engine, RequestsMayComeWhileOthersRun) {
  FakeDecoder decoder({.num_blocks = 12});
  Engine engine = Engine::create(decoder, {.max_sequences = 6, .prefill_chunk = 7}).value();
  hone::testing::RunResult result;
  const auto requests = mixed_requests();
  for (size_t next = 0; next < requests.size() || engine.has_work();) {
    if (next < requests.size()) {
      ASSERT_TRUE(engine.submit(requests[next++]).ok());
    }
    append(result.answers, engine.step().value());
  }
  sort_answers(result.answers);
  expect_right(result, requests);
}

TEST(Engine, StopTokenEndsTheAnswerAndBelongsToIt) {
  std::vector<GroupRequest> requests = {make_request(0, 10, 16, 500)};
  const auto result = run_all(requests, {.max_positions = 600}, {.max_sequences = 16, .prefill_chunk = 64});
  for (const auto& answer : result.answers) {
    EXPECT_EQ(answer.finish, rl::FinishReason::kStop);
    EXPECT_EQ(answer.draws.back().token, 3);
  }
}

TEST(Engine, AnswerWithoutStopTokenHasMaxNewTokens) {
  std::vector<GroupRequest> requests = {make_request(0, 10, 4, 37)};
  requests[0].stop.tokens.clear();
  const auto result = run_all(requests, {}, {.max_sequences = 16, .prefill_chunk = 64});
  for (const auto& answer : result.answers) {
    EXPECT_EQ(answer.finish, rl::FinishReason::kLength);
    EXPECT_EQ(answer.draws.size(), 37u);
  }
}

class EngineRefusal : public ::testing::Test {
 protected:
  std::string refused(const GroupRequest& request) {
    const auto result = engine_.submit(request);
    EXPECT_FALSE(result.ok());
    EXPECT_FALSE(engine_.has_work());
    return result.ok() ? "" : result.error().to_string();
  }
  FakeDecoder decoder_{{.num_blocks = 4, .max_positions = 100}};
  Engine engine_ = Engine::create(decoder_, {.max_sequences = 4, .prefill_chunk = 4}).value();
};

TEST_F(EngineRefusal, NamesTheNumbersOfASequenceThatIsTooLong) {
  const std::string error = refused(make_request(0, 60, 1, 41));
  for (const char* number : {"60", "41", "101", "100"}) EXPECT_THAT(error, HasSubstr(number));
}

TEST_F(EngineRefusal, NamesTheNumbersOfASequenceThatNeedsTooManyBlocks) {
  const std::string error = refused(make_request(0, 25, 1, 41));
  for (const char* number : {"25", "41", "5 cache blocks", "has 4"}) EXPECT_THAT(error, HasSubstr(number));
}

TEST_F(EngineRefusal, TakesTheLongestSequenceThatFits) {
  EXPECT_TRUE(engine_.submit(make_request(0, 25, 1, 40)).ok());
}

TEST_F(EngineRefusal, MalformedRequests) {
  EXPECT_THAT(refused(make_request(0, 0, 1, 4)), HasSubstr("prompt"));
  EXPECT_THAT(refused(make_request(0, 3, 0, 4)), HasSubstr("num_samples"));
  EXPECT_THAT(refused(make_request(0, 3, 1, 0)), HasSubstr("max_new_tokens"));
  GroupRequest request = make_request(0, 3, 1, 4);
  request.params.temperature = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refused(request), HasSubstr("temperature"));
  request.params = {.top_p = 0};
  EXPECT_THAT(refused(request), HasSubstr("top_p"));
  request.params = {.top_k = -1};
  EXPECT_THAT(refused(request), HasSubstr("top_k"));
  request = make_request(0, 3, 1, 4);
  request.tokenizer = &kTokenizer;
  for (const char* text : {"", "\xC3"}) {
    request.stop.texts = {"fine", text};
    EXPECT_THAT(refused(request), HasSubstr("stop text"));
  }
}

TEST(Engine, RefusesMoreSequencesThanRows) {
  FakeDecoder decoder({.max_rows = 8});
  EXPECT_TRUE(Engine::create(decoder, {.max_sequences = 8, .prefill_chunk = 1}).ok());
  const auto refused = Engine::create(decoder, {.max_sequences = 9, .prefill_chunk = 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().to_string(), HasSubstr("[1, 8]"));
}

TEST(Engine, ValueThatIsNotFiniteTripsTheGuard) {
  FakeDecoder decoder;
  Engine engine = Engine::create(decoder, {.max_sequences = 8, .prefill_chunk = 8}).value();
  ASSERT_TRUE(engine.submit(make_request(7, 5, 1, 4)).ok());
  decoder.spoil();
  const auto result = engine.step();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kGuard);
  EXPECT_THAT(result.error().message, HasSubstr("group 7"));
}

}  // namespace
}  // namespace hone::rollout
