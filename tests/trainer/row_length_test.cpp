#include "trainer/row_length.h"

#include <gtest/gtest.h>

#include "policy/char_tokenizer.h"

namespace hone::trainer {
namespace {

std::shared_ptr<const policy::Tokenizer> tokenizer() {
  return policy::CharTokenizer::make(policy::CharVocabulary{.characters = "0123456789+="}).value();
}

// "kept", "left out" or the error, of prompt "1+1=" (<bos> and 4) and completion "12" (2 and <eos>): 8 tokens.
std::string admit(StageConfig stage, int64_t max_positions, const std::string& prompt = "1+1=") {
  const auto fits = RowLength(stage, max_positions, tokenizer()).admit({.prompt = prompt, .completion = "12"});
  if (!fits.ok()) return fits.error().to_string();
  return *fits ? "kept" : "left out";
}

StageConfig stage(StageKind kind, int64_t max_tokens = 0, TooLong too_long = TooLong::kError) {
  StageConfig stage;
  stage.kind = kind;
  stage.max_new_tokens = 10;
  stage.data.max_tokens = max_tokens;
  stage.data.too_long = too_long;
  return stage;
}

TEST(RowLength, ThePolicysPositionsHoldAllButTheLastToken) {
  EXPECT_EQ(admit(stage(StageKind::kSft), 7), "kept");
  EXPECT_EQ(admit(stage(StageKind::kSft), 6),
            "row: has 8 tokens, 5 in the prompt and 3 in the completion; the policy takes 7 (too_long: drop leaves "
            "such rows out)");
  EXPECT_EQ(admit(stage(StageKind::kGrpo), 14), "kept");
  EXPECT_EQ(admit(stage(StageKind::kGrpo), 13),
            "prompt: has 5 tokens; the policy leaves room for 4 before 10 new ones (too_long: drop leaves such rows "
            "out)");
}

TEST(RowLength, MaxTokensIsASmallerLimit) {
  EXPECT_EQ(admit(stage(StageKind::kSft, 8), 100), "kept");
  EXPECT_EQ(admit(stage(StageKind::kPretrain, 7, TooLong::kDrop), 100), "left out");
  EXPECT_EQ(admit(stage(StageKind::kGrpo, 4, TooLong::kDrop), 100), "left out");
  EXPECT_EQ(admit(stage(StageKind::kSft, 100, TooLong::kDrop), 6), "left out") << "the policy's limit holds too";
}

TEST(RowLength, WhatCannotBeEncodedIsAnErrorWhateverItsLength) {
  for (const StageKind kind : {StageKind::kSft, StageKind::kGrpo})
    EXPECT_TRUE(admit(stage(kind, 1, TooLong::kDrop), 100, "one").starts_with("prompt: "));
}

}  // namespace
}  // namespace hone::trainer
