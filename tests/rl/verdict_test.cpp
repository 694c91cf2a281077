#include "rl/verdict.h"

#include <gtest/gtest.h>

namespace hone::rl {
namespace {

TEST(Verdict, EveryNameParsesBackToItsVerdict) {
  for (int v = 0; v < kNumVerdicts; ++v) {
    const Verdict verdict = static_cast<Verdict>(v);
    const Result<Verdict> parsed = parse_verdict(to_string(verdict));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, verdict);
  }
}

TEST(Verdict, NamesAreThoseOfTheJsonInterface) {
  EXPECT_EQ(to_string(Verdict::kCorrect), "correct");
  EXPECT_EQ(to_string(Verdict::kNoAnswer), "no_answer");
  EXPECT_EQ(to_string(Verdict::kNotApplicable), "not_applicable");
  EXPECT_EQ(to_string(Verdict::kInfra), "infra");
}

TEST(Verdict, UnknownNameIsAnErrorThatListsTheKnownOnes) {
  const Result<Verdict> parsed = parse_verdict("correkt");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  EXPECT_NE(parsed.error().message.find("'correkt'"), std::string::npos);
  EXPECT_NE(parsed.error().message.find("gold_error"), std::string::npos);
}

TEST(Verdict, OnlyJudgementsAndCountedLimitsHaveAScore) {
  for (Verdict v : {Verdict::kCorrect, Verdict::kWrong, Verdict::kScored, Verdict::kNoAnswer, Verdict::kParseError,
                    Verdict::kLimit}) {
    EXPECT_TRUE(has_score(v)) << to_string(v);
  }
  for (Verdict v : {Verdict::kNotApplicable, Verdict::kGoldError, Verdict::kTimeout, Verdict::kInfra}) {
    EXPECT_FALSE(has_score(v)) << to_string(v);
  }
}

TEST(Verdict, OnlyFailedChecksDropTheGroup) {
  for (int v = 0; v < kNumVerdicts; ++v) {
    const Verdict verdict = static_cast<Verdict>(v);
    const bool failed = verdict == Verdict::kGoldError || verdict == Verdict::kTimeout || verdict == Verdict::kInfra;
    EXPECT_EQ(drops_group(verdict), failed) << to_string(verdict);
  }
}

TEST(FinishReason, NamesParseBack) {
  EXPECT_EQ(to_string(FinishReason::kStop), "stop");
  EXPECT_EQ(*parse_finish_reason("length"), FinishReason::kLength);
  EXPECT_FALSE(parse_finish_reason("eos").ok());
}

}  // namespace
}  // namespace hone::rl
