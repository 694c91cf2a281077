#include "cli/chat_decoder.h"

#include <gtest/gtest.h>

#include "base/philox.h"
#include "base/thread_team.h"
#include "tests/support/tiny_weights.h"

namespace hone::cli {
namespace {

class ChatDecoderTest : public ::testing::Test {
 protected:
  ChatDecoder make(int32_t chunk) { return ChatDecoder(model_, stream_, kContext, chunk); }

  static std::vector<int32_t> tokens(uint32_t stream, size_t count) {
    PhiloxStream random(1, stream);
    std::vector<int32_t> out(count);
    for (int32_t& token : out) token = static_cast<int32_t>(random.below(37));
    return out;
  }

  // The prompt and the tokens drawn after it.
  static std::vector<int32_t> answer(ChatDecoder& decoder, std::vector<int32_t> sequence, int count) {
    const std::atomic<bool> stop{false};
    EXPECT_TRUE(decoder.replace(sequence, stop));
    for (int i = 0; i < count; ++i) {
      sequence.push_back(decoder.draw({.key = 5}).value());
      decoder.append(sequence.back());
    }
    return sequence;
  }

  static constexpr int64_t kContext = 80;
  ThreadTeam team_{1};
  kernels::Stream stream_{&team_};
  trainer::Model model_{
      hone::test::make_weights(hone::test::tiny_gqa(), stream_, kernels::cpu_backend(kernels::DType::kF32)), nullptr};
};

// The second prompt goes on from the first answer, leaves it in its middle, or has nothing in common with it.
TEST_F(ChatDecoderTest, AnswersAreThoseOfANewDecoder) {
  for (const int32_t chunk : {1, 7, 64}) {
    ChatDecoder decoder = make(chunk);
    const std::vector<int32_t> first = answer(decoder, tokens(0, 20), 15);
    for (const size_t common : {35, 28, 16, 1, 0}) {
      SCOPED_TRACE(str("chunk ", chunk, ", common ", common));
      std::vector<int32_t> second(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(common));
      for (const int32_t token : tokens(1 + static_cast<uint32_t>(common), 12)) second.push_back(token);
      ChatDecoder fresh = make(64);
      EXPECT_EQ(answer(decoder, second, 20), answer(fresh, second, 20));
      answer(decoder, tokens(0, 20), 15);
    }
  }
}

TEST_F(ChatDecoderTest, WhatIsInCommonIsNotComputedAgain) {
  ChatDecoder decoder = make(16);
  std::vector<int32_t> sequence = answer(decoder, tokens(0, 20), 15);
  EXPECT_EQ(decoder.computed_tokens(), 20);
  for (const int32_t token : {1, 2, 3}) sequence.push_back(token);
  answer(decoder, sequence, 1);
  EXPECT_EQ(decoder.computed_tokens(), 3);
  sequence.resize(30);
  answer(decoder, sequence, 1);
  EXPECT_EQ(decoder.computed_tokens(), 1) << "the last one, from which the next is drawn";
}

TEST_F(ChatDecoderTest, StopsBetweenChunksAndGoesOnFromThere) {
  ChatDecoder decoder = make(16);
  const std::atomic<bool> stop{true}, go{false};
  EXPECT_FALSE(decoder.replace(tokens(0, 40), stop));
  ChatDecoder fresh = make(16);
  EXPECT_EQ(answer(decoder, tokens(0, 40), 10), answer(fresh, tokens(0, 40), 10));
}

}  // namespace
}  // namespace hone::cli
