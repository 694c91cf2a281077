#include "rl/pack.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/fake_ports.h"

namespace hone::rl {
namespace {

using ::testing::ElementsAre;

// Groups with random answers, and the answers as pack takes them.
struct Answers {
  std::vector<std::unique_ptr<Prompt>> prompts;
  std::vector<std::unique_ptr<Sample>> samples;
  std::vector<TrainedSample> list;

  void add_group(std::vector<Token> prompt) {
    prompts.push_back(std::make_unique<Prompt>());
    prompts.back()->serial = prompts.size();
    prompts.back()->tokens = std::move(prompt);
  }
  void add_answer(std::vector<Token> tokens) {
    auto sample = std::make_unique<Sample>();
    sample->tokens = std::move(tokens);
    for (Token token : sample->tokens) sample->logprobs.push_back(-0.01f * static_cast<float>(token));
    sample->version = 9;
    const auto sequence = static_cast<int32_t>(list.size());
    list.push_back({prompts.back().get(), sample.get(), static_cast<float>(sequence) + .5f, .25f, sequence});
    samples.push_back(std::move(sample));
  }
};

Answers random_answers(uint64_t seed) {
  PhiloxStream random(seed, 0);
  Answers answers;
  Token token = 1;  // every token is another number, so that a place can be recognized by it
  const auto some = [&](uint32_t least, uint32_t most) {
    std::vector<Token> tokens(least + random.below(most - least + 1));
    for (Token& t : tokens) t = token++;
    return tokens;
  };
  for (int g = 0; g < 8; ++g) {
    answers.add_group(some(1, 6));
    for (int i = 0; i < 5; ++i) answers.add_answer(some(0, 9));
  }
  return answers;
}

std::vector<PackOptions> all_options() {
  std::vector<PackOptions> options;
  for (int64_t budget : {1, 7, 13, 40, 1000}) {
    for (bool share : {false, true}) options.push_back({budget, share});
  }
  return options;
}

// The tokens of the row's sequence up to and including the row, those of the parent segment first.
std::vector<Token> context_of(const TokenBatch& batch, int32_t row) {
  const auto holds = [&](const Segment& s) { return row >= s.start && row < s.start + s.length; };
  const Segment* segment = &*std::find_if(batch.segments.begin(), batch.segments.end(), holds);
  std::vector<Token> context(batch.tokens.begin() + segment->start, batch.tokens.begin() + row + 1);
  if (segment->parent >= 0) {
    const Segment& parent = batch.segments.at(static_cast<size_t>(segment->parent));
    const auto start = batch.tokens.begin() + parent.start;
    context.insert(context.begin(), start, start + parent.length);
  }
  return context;
}

template <class Check>
void for_all_packings(Check check) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Answers answers = random_answers(seed);
    for (const PackOptions& options : all_options()) check(answers, options, pack(answers.list, options));
  }
}

TEST(Pack, EveryTokenIsTrainedOnceInOrderAfterItsWholeContext) {
  for_all_packings([](const Answers& answers, const PackOptions&, const std::vector<TokenBatch>& batches) {
    size_t answer = 0, t = 0;
    for (const TokenBatch& batch : batches) {
      for (size_t i = 0; i < batch.row.size(); ++i, ++t) {
        while (t == answers.list[answer].sample->tokens.size()) ++answer, t = 0;
        const TrainedSample& want = answers.list[answer];
        std::vector<Token> context = want.prompt->tokens;
        const auto first = want.sample->tokens.begin();
        context.insert(context.end(), first, first + static_cast<int64_t>(t));
        ASSERT_EQ(context_of(batch, batch.row[i]), context);
        ASSERT_EQ(batch.target[i], want.sample->tokens[t]);
        ASSERT_EQ(batch.behaviour_logprob[i], want.sample->logprobs[t]);
        ASSERT_EQ(batch.advantage[i], want.advantage);
        ASSERT_EQ(batch.weight[i], want.weight);
        ASSERT_EQ(batch.sequence[i], want.sequence);
      }
    }
    size_t trained = 0, expected = 0;
    for (const TokenBatch& batch : batches) trained += batch.row.size();
    for (const TrainedSample& want : answers.list) expected += want.sample->tokens.size();
    ASSERT_EQ(trained, expected);
  });
}

TEST(Pack, SegmentsCoverTheTokensInOrderAndStandAfterTheirParents) {
  for_all_packings([](const Answers&, const PackOptions& options, const std::vector<TokenBatch>& batches) {
    for (const TokenBatch& batch : batches) {
      int32_t end = 0;
      for (int32_t s = 0; s < static_cast<int32_t>(batch.segments.size()); ++s) {
        const Segment& segment = batch.segments[static_cast<size_t>(s)];
        ASSERT_EQ(segment.start, end);
        ASSERT_GT(segment.length, 0);
        ASSERT_LT(segment.parent, s);
        ASSERT_TRUE(options.share_prompt || segment.parent == -1);
        const int32_t before = segment.parent < 0 ? 0 : batch.segments[static_cast<size_t>(segment.parent)].length;
        ASSERT_EQ(segment.position, before);
        ASSERT_EQ(segment.version, 9);
        end += segment.length;
      }
      ASSERT_EQ(static_cast<size_t>(end), batch.tokens.size());
    }
  });
}

TEST(Pack, BudgetIsExceededOnlyByASequenceAlone) {
  for_all_packings([](const Answers&, const PackOptions& options, const std::vector<TokenBatch>& batches) {
    for (const TokenBatch& batch : batches) {
      if (static_cast<int64_t>(batch.tokens.size()) <= options.token_budget) continue;
      ASSERT_EQ(batch.sequence.front(), batch.sequence.back());
    }
  });
}

TEST(Pack, NoInputIsWithoutUse) {
  for_all_packings([](const Answers&, const PackOptions&, const std::vector<TokenBatch>& batches) {
    for (const TokenBatch& batch : batches) {
      for (const Segment& segment : batch.segments) {
        const int32_t last = segment.start + segment.length - 1;
        ASSERT_NE(std::find(batch.row.begin(), batch.row.end(), last), batch.row.end());
      }
    }
  });
}

Answers two_answers() {
  Answers answers;
  answers.add_group({1, 2, 3});
  answers.add_answer({10, 11, 12});
  answers.add_answer({20});
  answers.add_answer({30, 31});
  return answers;
}

TEST(Pack, SharedPromptIsOneSegmentAndFirstTargetsHangOnItsLastRow) {
  const std::vector<TokenBatch> batches = pack(two_answers().list, {100, true});
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_THAT(batches[0].tokens, ElementsAre(1, 2, 3, 10, 11, 30));
  EXPECT_THAT(batches[0].row, ElementsAre(2, 3, 4, 2, 2, 5));
  EXPECT_THAT(batches[0].target, ElementsAre(10, 11, 12, 20, 30, 31));
  ASSERT_EQ(batches[0].segments.size(), 3u);  // the answer of one token has none
  EXPECT_EQ(batches[0].segments[2].parent, 0);
  EXPECT_EQ(batches[0].segments[2].position, 3);
}

TEST(Pack, WithoutSharingEveryAnswerHasItsOwnPrompt) {
  const std::vector<TokenBatch> batches = pack(two_answers().list, {100, false});
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_THAT(batches[0].tokens, ElementsAre(1, 2, 3, 10, 11, 1, 2, 3, 1, 2, 3, 30));
  EXPECT_THAT(batches[0].row, ElementsAre(2, 3, 4, 7, 10, 11));
}

TEST(Pack, PromptIsRepeatedInEveryMicroBatchOfItsGroup) {
  const std::vector<TokenBatch> batches = pack(two_answers().list, {5, true});
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_THAT(batches[0].tokens, ElementsAre(1, 2, 3, 10, 11));
  EXPECT_THAT(batches[0].target, ElementsAre(10, 11, 12, 20));  // an answer of one token costs nothing
  EXPECT_THAT(batches[1].tokens, ElementsAre(1, 2, 3, 30));
  EXPECT_THAT(batches[1].row, ElementsAre(2, 3));
}

TEST(PackSupervised, TrainsCompletionsWithOneWeight) {
  const std::vector<SupervisedRow> rows = {{{1, 2}, {3, 4}}, {{5}, {6, 7, 8}}};
  const std::vector<TokenBatch> batches = pack_supervised(rows, 6);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_THAT(batches[0].tokens, ElementsAre(1, 2, 3, 5, 6, 7));
  EXPECT_THAT(batches[0].row, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(batches[0].target, ElementsAre(3, 4, 6, 7, 8));
  EXPECT_THAT(batches[0].weight, ElementsAre(.2f, .2f, .2f, .2f, .2f));
  EXPECT_THAT(batches[0].sequence, ElementsAre(0, 0, 1, 1, 1));
  EXPECT_TRUE(batches[0].behaviour_logprob.empty());
  EXPECT_TRUE(batches[0].advantage.empty());
}

TEST(PackSupervised, WeightIsOfTheStepWhateverTheMicroBatches) {
  const std::vector<SupervisedRow> rows = {{{1, 2}, {3, 4}}, {{5}, {6, 7, 8}}};
  const std::vector<TokenBatch> batches = pack_supervised(rows, 5);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].weight[0], .2f);
  EXPECT_EQ(batches[1].weight[0], .2f);
}

TEST(PackSupervised, WithoutPromptTheFirstTokenIsAnInputOnly) {
  const std::vector<SupervisedRow> rows = {{{}, {3, 4, 5}}, {{}, {6}}, {{7}, {}}};
  const std::vector<TokenBatch> batches = pack_supervised(rows, 100);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_THAT(batches[0].tokens, ElementsAre(3, 4));
  EXPECT_THAT(batches[0].row, ElementsAre(0, 1));
  EXPECT_THAT(batches[0].target, ElementsAre(4, 5));
  EXPECT_THAT(batches[0].weight, ElementsAre(.5f, .5f));
}

// Lengths as those of worked answers are: log-normal, the longest cut off.
std::vector<SupervisedRow> log_normal_rows(int count, uint64_t seed) {
  PhiloxStream random(seed, 1);
  std::vector<SupervisedRow> rows(static_cast<size_t>(count));
  for (SupervisedRow& row : rows) {
    const double normal = std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(6.283185307 * random.uniform());
    row.prompt.assign(20 + random.below(60), static_cast<Token>(random.below(1000)));
    row.completion.assign(static_cast<size_t>(std::clamp(std::exp(5 + normal), 2.0, 2000.0)), 7);
  }
  return rows;
}

TEST(PackSupervised, FillsMicroBatchesWithRowsOfAnyLengths) {
  constexpr int64_t kBudget = 4096;
  int64_t tokens = 0, room = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const TokenBatch& batch : pack_supervised(log_normal_rows(256, seed), kBudget)) {
      ASSERT_LE(static_cast<int64_t>(batch.tokens.size()), kBudget);
      tokens += static_cast<int64_t>(batch.tokens.size());
      room += kBudget;
    }
  }
  EXPECT_GT(static_cast<double>(tokens), 0.96 * static_cast<double>(room));
}

TEST(PackSupervised, EveryRowIsOneSegmentOfOneMicroBatchInOrder) {
  const std::vector<SupervisedRow> rows = log_normal_rows(100, 5);
  std::vector<int> seen(rows.size());
  for (const TokenBatch& batch : pack_supervised(rows, 1000)) {
    size_t trained = 0;
    int32_t before = -1;
    for (const Segment& segment : batch.segments) {
      const int32_t sequence = batch.sequence[trained];
      const SupervisedRow& row = rows[static_cast<size_t>(sequence)];
      ASSERT_LT(before, sequence);
      before = sequence;
      ++seen[static_cast<size_t>(sequence)];
      ASSERT_EQ(static_cast<size_t>(segment.length), row.prompt.size() + row.completion.size() - 1);
      ASSERT_EQ(batch.tokens[static_cast<size_t>(segment.start)], row.prompt[0]);
      ASSERT_EQ(batch.row[trained], segment.start + static_cast<int32_t>(row.prompt.size()) - 1);
      ASSERT_TRUE(segment.position == 0 && segment.parent == -1);
      trained += row.completion.size();
    }
    ASSERT_EQ(trained, batch.target.size());
  }
  EXPECT_EQ(seen, std::vector<int>(rows.size(), 1));
}

TEST(PackSupervised, ARowBeyondTheBudgetStandsAlone) {
  const std::vector<SupervisedRow> rows = {{{1}, {2}}, {{3, 3, 3}, {4, 4}}, {{5}, {6}}};
  const std::vector<TokenBatch> batches = pack_supervised(rows, 3);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_THAT(batches[0].tokens, ElementsAre(3, 3, 3, 4));
  EXPECT_THAT(batches[1].tokens, ElementsAre(1, 5));
}

TEST(PackSupervised, OfNothingIsNothing) { EXPECT_TRUE(pack_supervised({}, 10).empty()); }

}  // namespace
}  // namespace hone::rl
