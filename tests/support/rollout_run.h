// Runs requests through an engine over the fake decoder and compares with what must come out.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/philox.h"
#include "rollout/engine.h"
#include "tests/support/fake_decoder.h"

namespace hone::testing {

inline rollout::GroupRequest make_request(uint32_t serial, int32_t prompt_length, uint32_t num_samples,
                                          int32_t max_new_tokens) {
  PhiloxStream random(11, serial);
  std::vector<int32_t> prompt(prompt_length);
  for (int32_t& token : prompt) token = static_cast<int32_t>(random.below(kFakeVocabulary));
  rollout::GroupRequest request;
  request.id = 1000 + serial;
  request.prompt = std::make_shared<const std::vector<int32_t>>(std::move(prompt));
  request.key = 42;
  request.serial = serial;
  request.num_samples = num_samples;
  request.max_new_tokens = max_new_tokens;
  request.stop.tokens = {3};
  return request;
}

inline void sort_answers(std::vector<rollout::FinishedAnswer>& answers) {
  const auto place = [](const rollout::FinishedAnswer& answer) { return std::pair(answer.id, answer.sample); };
  std::ranges::sort(answers, {}, place);
}

inline void append(std::vector<rollout::FinishedAnswer>& answers, std::vector<rollout::FinishedAnswer> more) {
  for (auto& answer : more) answers.push_back(std::move(answer));
}

struct RunResult {
  std::vector<rollout::FinishedAnswer> answers;  // by id, then sample
  rollout::EngineCounters counters;
  int64_t copies = 0;
};

inline RunResult run_all(const std::vector<rollout::GroupRequest>& requests, FakeDecoderSize size,
                         rollout::EngineConfig config) {
  FakeDecoder decoder(size);
  rollout::Engine engine = rollout::Engine::create(decoder, config).value();
  for (const auto& request : requests) EXPECT_TRUE(engine.submit(request).ok());
  RunResult result;
  while (engine.has_work()) append(result.answers, engine.step().value());
  EXPECT_EQ(engine.num_free_blocks(), size.num_blocks) << "blocks leaked";
  sort_answers(result.answers);
  result.counters = engine.counters();
  result.copies = decoder.copies();
  return result;
}

inline std::string describe(const rollout::FinishedAnswer& answer) {
  std::string text = str(answer.id, ".", answer.sample, answer.finish == rl::FinishReason::kStop ? " stop" : " length");
  if (answer.stop_text) text += str(" ", answer.stop_text->begin, "-", answer.stop_text->end);
  for (const auto& draw : answer.draws) text += str(" ", draw.token, ":", draw.logprob, ":", draw.entropy);
  return text;
}

// Requires requests in order of their ids.
inline void expect_right(const RunResult& result, const std::vector<rollout::GroupRequest>& requests) {
  size_t next = 0;
  for (const auto& request : requests) {
    for (uint32_t sample = 0; sample < request.num_samples; ++sample, ++next) {
      ASSERT_LT(next, result.answers.size());
      ASSERT_EQ(describe(result.answers[next]), describe(expected_answer(request, sample)));
    }
  }
  EXPECT_EQ(result.answers.size(), next);
}

}  // namespace hone::testing
