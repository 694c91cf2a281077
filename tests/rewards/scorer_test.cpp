#include "rewards/scorer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

// Answers with whatever the test says.
class FakeChecker final : public Checker {
 public:
  explicit FakeChecker(std::function<CheckResult(const CheckInput&)> answer) : answer_(std::move(answer)) {}
  Result<void> check_gold(const json&) const override { return {}; }
  CheckResult check(const CheckInput& input) const override { return ++calls, answer_(input); }
  mutable std::atomic<int> calls{0};

 private:
  std::function<CheckResult(const CheckInput&)> answer_;
};

std::shared_ptr<FakeChecker> fake(Verdict verdict, double score) {
  return std::make_shared<FakeChecker>(
      [=](const CheckInput&) { return CheckResult{.verdict = verdict, .score = score}; });
}

rl::FinishedSample sample(uint64_t serial, uint32_t index, std::string text, std::string gold = "\"40\"") {
  auto prompt = std::make_shared<rl::Prompt>();
  prompt->serial = serial;
  prompt->problem = {.prompt = "12+28=", .gold = std::move(gold), .data_source = "sum", .extra_info = "{}"};
  rl::FinishedSample finished{prompt, {}};
  finished.sample.index = index;
  finished.sample.text = std::move(text);
  return finished;
}

std::vector<Reward> answer_and_format() {
  return {{.name = "answer", .weight = 1, .checker = make_checker("answer", {}).value()},
          {.name = "format", .weight = .1, .checker = make_checker("format", {}).value()}};
}

rl::Score grade_one(const std::vector<Reward>& rewards, const rl::FinishedSample& finished, int infra_retries) {
  return grade(rewards, std::span(&finished, 1), infra_retries).front();
}

TEST(Grade, RewardIsTheWeightedSum) {
  const rl::Score both = grade_one(answer_and_format(), sample(0, 0, "<think></think><answer>40</answer>"), 0);
  EXPECT_DOUBLE_EQ(both.reward, 1.1);
  EXPECT_EQ(both.components[0].verdict, Verdict::kCorrect);
  EXPECT_EQ(both.components[1].name, "format");
  EXPECT_EQ(both.components[1].score, 1);
  EXPECT_DOUBLE_EQ(grade_one(answer_and_format(), sample(0, 0, "<think></think><answer>4</answer>"), 0).reward, .1);
  EXPECT_DOUBLE_EQ(grade_one(answer_and_format(), sample(0, 0, "<answer>40</answer>"), 0).reward, 1);
}

TEST(Grade, ARewardForOtherDataDoesNotApply) {
  auto rewards = answer_and_format();
  rewards[0].data_sources = {"code", "language"};
  const rl::Score score = grade_one(rewards, sample(0, 0, "<think></think><answer>40</answer>"), 0);
  EXPECT_EQ(score.components[0].verdict, Verdict::kNotApplicable);
  EXPECT_DOUBLE_EQ(score.reward, .1);
  rewards[0].data_sources = {"code", "sum"};
  EXPECT_DOUBLE_EQ(grade_one(rewards, sample(0, 0, "<think></think><answer>40</answer>"), 0).reward, 1.1);
}

TEST(Grade, AVerdictWithoutScoreAddsNothing) {
  const rl::Score score = grade_one(
      {{"a", 1, fake(Verdict::kTimeout, 7), {}}, {"b", 2, fake(Verdict::kScored, .5), {}}}, sample(0, 0, ""), 0);
  EXPECT_EQ(score.reward, 1);
  EXPECT_EQ(score.components[0].score, 0);
}

TEST(Grade, AnUnreadableGoldIsAGoldError) {
  EXPECT_EQ(grade_one(answer_and_format(), sample(0, 0, "", "{"), 0).components[0].verdict, Verdict::kGoldError);
}

TEST(Grade, RetriesAFailingCheckerABoundedNumberOfTimes) {
  const auto broken = fake(Verdict::kInfra, 0);
  EXPECT_EQ(grade_one({{"a", 1, broken, {}}}, sample(0, 0, ""), 2).components[0].verdict, Verdict::kInfra);
  EXPECT_EQ(broken->calls, 3);
  int left = 1;
  const auto shaky = std::make_shared<FakeChecker>([&](const CheckInput&) {
    return CheckResult{.verdict = left-- > 0 ? Verdict::kInfra : Verdict::kCorrect, .score = 1};
  });
  EXPECT_EQ(grade_one({{"a", 1, shaky, {}}}, sample(0, 0, ""), 2).reward, 1);
}

TEST(Grade, ACheckerThatThrowsOrScoresNonsenseFailedItself) {
  const auto thrower = std::make_shared<FakeChecker>([](const CheckInput&) -> CheckResult { throw std::bad_alloc(); });
  EXPECT_EQ(grade_one({{"a", 1, thrower, {}}}, sample(0, 0, ""), 0).components[0].verdict, Verdict::kInfra);
  EXPECT_EQ(grade_one({{"a", 1, fake(Verdict::kScored, NAN), {}}}, sample(0, 0, ""), 0).components[0].verdict,
            Verdict::kInfra);
}

TEST(RewardScorer, ScoresComeByIndexWhateverTheOrder) {
  // Later samples are graded faster, so threads finish out of order.
  const auto slow = std::make_shared<FakeChecker>([](const CheckInput& input) {
    const int value = std::stoi(std::string(input.completion));
    std::this_thread::sleep_for(std::chrono::microseconds(200 * (8 - value % 8)));
    return CheckResult{.verdict = Verdict::kScored, .score = static_cast<double>(value)};
  });
  for (int threads : {1, 3}) {
    RewardScorer scorer({{"a", 1, slow, {}}}, {.threads = threads, .queue = 2});
    for (uint32_t index : {5, 2, 7, 0, 1, 6, 3, 4})
      for (uint64_t serial : {3, 1}) scorer.submit(sample(serial, index, std::to_string(serial * 10 + index)));
    for (uint64_t serial : {1, 3}) {
      const auto scores = scorer.take(serial, 8);
      ASSERT_TRUE(scores.ok());
      for (uint32_t index = 0; index < 8; ++index) EXPECT_EQ((*scores)[index].reward, serial * 10 + index);
    }
  }
}

TEST(RewardScorer, TakeNeedsTheWholeGroupAndGivesItOnce) {
  RewardScorer scorer(answer_and_format(), {});
  scorer.submit(sample(4, 0, ""));
  EXPECT_EQ(scorer.take(4, 2).error().message, "group 4: 1 of 2 samples were submitted for grading");
  EXPECT_TRUE(scorer.take(4, 1).ok());
  EXPECT_FALSE(scorer.take(4, 1).ok());
}

TEST(RewardScorer, DoesNotGradeWhatIsOnRecord) {
  const auto checker = fake(Verdict::kScored, 1);
  RewardScorer scorer({{"a", 1, checker, {}}}, {.recorded = [](uint64_t serial, uint32_t index) {
                        return serial == 9 && index == 1 ? std::optional(rl::Score{.reward = 42}) : std::nullopt;
                      }});
  for (uint32_t index : {0, 1, 2}) scorer.submit(sample(9, index, ""));
  const auto scores = scorer.take(9, 3);
  EXPECT_EQ((*scores)[1].reward, 42);
  EXPECT_EQ((*scores)[2].reward, 1);
  EXPECT_EQ(checker->calls, 2);
}

TEST(RewardScorer, StopsWithWorkInTheQueue) {
  const auto slow = std::make_shared<FakeChecker>([](const CheckInput&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return CheckResult{.verdict = Verdict::kScored};
  });
  {
    RewardScorer scorer({{"a", 1, slow, {}}}, {.threads = 2});
    for (uint32_t index = 0; index < 50; ++index) scorer.submit(sample(0, index, ""));
  }
  EXPECT_LT(slow->calls, 50);
}

}  // namespace
}  // namespace hone::rewards
