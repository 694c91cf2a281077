#include "policy/tokenizer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "policy/char_tokenizer.h"

namespace hone::policy {
namespace {

using Tokens = std::vector<int32_t>;

std::unique_ptr<CharTokenizer> make(const CharVocabulary& vocabulary = {}) {
  return CharTokenizer::make(vocabulary).value();
}

class TokenizerFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::temp_directory_path() / str("hone_tokenizer_", getpid())).string();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  Result<std::unique_ptr<Tokenizer>> load(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return load_tokenizer(path_);
  }
  // The error after one change to a good file.
  Error error_after(const std::function<void(nlohmann::json&)>& change) {
    auto file = nlohmann::json::parse(make()->files().front().text);
    change(file);
    const auto loaded = load(file.dump());
    return loaded ? Error{.message = "loaded"} : loaded.error();
  }
  std::string path_;
};

TEST(CharTokenizer, VocabularyHasTagsThenWordsThenCharacters) {
  const auto tokenizer = make();
  EXPECT_EQ(tokenizer->vocab_size(), 25);
  EXPECT_EQ(tokenizer->token_text(tokenizer->pad()), "<pad>");
  EXPECT_EQ(tokenizer->token_text(tokenizer->bos()), "<bos>");
  EXPECT_EQ(tokenizer->token_text(tokenizer->eos()), "<eos>");
  EXPECT_EQ(tokenizer->token_text(7), "wait");
  EXPECT_EQ(tokenizer->token_text(8), "0");
  EXPECT_EQ(tokenizer->token_text(24), ":");
}

TEST(CharTokenizer, EncodesTagsWordsAndCharacters) {
  EXPECT_EQ(*make()->encode("<bos>12=<think>wait,</think><answer>3</answer><eos>"),
            (Tokens{1, 9, 10, 20, 3, 7, 23, 4, 5, 11, 6, 2}));
  EXPECT_EQ(*make()->encode(""), Tokens{});
}

TEST(CharTokenizer, TheLongestWordWins) {
  const auto tokenizer = make({.words = {"wa", "wait", "ait"}, .characters = "wait"});
  EXPECT_EQ(*tokenizer->encode("waitwawai"), (Tokens{8, 7, 7, 12}));
}

TEST(CharTokenizer, HalfATagIsCharacters) {
  EXPECT_EQ(*make({.words = {}, .characters = "<think"})->encode("<thi<think>"), (Tokens{7, 8, 9, 10, 3}));
}

TEST(CharTokenizer, DecodesWhatItEncoded) {
  const auto tokenizer = make({.words = {"über"}, .characters = "aé語🙂\n \""});
  const std::string text = "<bos>über語\n🙂<think>é \"a</think><eos>";
  EXPECT_EQ(tokenizer->decode(*tokenizer->encode(text), ControlTokens::kKeep), text);
}

TEST(CharTokenizer, LeavesOutControlTokensButKeepsReasoningTags) {
  const Tokens tokens = {1, 3, 9, 4, 0, 2};
  EXPECT_EQ(make()->decode(tokens, ControlTokens::kLeaveOut), "<think>1</think>");
  EXPECT_EQ(make()->decode(tokens, ControlTokens::kKeep), "<bos><think>1</think><pad><eos>");
}

TEST(CharTokenizer, NamesTheCharacterItCannotEncode) {
  EXPECT_EQ(make()->encode("12é").error().message, "\"é\" at byte 2 is not in the tokenizer's vocabulary");
  EXPECT_EQ(make()->encode(std::string("1\0", 2)).error().message,
            "byte 0x00 at byte 1 is not in the tokenizer's vocabulary");
  EXPECT_EQ(make()->encode("1\xFF").error().message, "byte 0xFF at byte 1 is not in the tokenizer's vocabulary");
}

TEST(CharTokenizer, RefusesBadVocabularies) {
  const auto message = [](const CharVocabulary& vocabulary) {
    const auto made = CharTokenizer::make(vocabulary);
    return made ? "" : made.error().message;
  };
  EXPECT_EQ(message({.words = {"a<b"}}), "word \"a<b\" must not contain < or >");
  EXPECT_EQ(message({.words = {"<eos>"}}), "word \"<eos>\" must not contain < or >");
  EXPECT_EQ(message({.characters = "aba"}), "\"a\" appears twice");
  EXPECT_EQ(message({.words = {"ab", "ab"}}), "\"ab\" appears twice");
  EXPECT_EQ(message({.words = {"a"}}), "word \"a\" belongs to the characters");
  EXPECT_EQ(message({.words = {""}}), "a word is empty");
  EXPECT_EQ(message({.words = {"\xC0\x80"}}), "a word is not valid UTF-8");
  EXPECT_EQ(message({.characters = "a\xED\xA0\x80"}), "characters: invalid UTF-8 at byte 1");
}

TEST_F(TokenizerFile, LoadsWhatWasSaved) {
  const auto saved = make({.words = {"a.b", "ab", "a.bc"}, .characters = "ab.c\n\\\"é"});
  const auto loaded = load(saved->files().front().text);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ((*loaded)->vocab_size(), saved->vocab_size());
  EXPECT_EQ(*(*loaded)->encode("a.bc\na.b<think>\\"), *saved->encode("a.bc\na.b<think>\\"));
  EXPECT_EQ((*loaded)->files().front().text, saved->files().front().text);
}

TEST_F(TokenizerFile, LoadsWhatTransformersSavedAgain) {
  EXPECT_EQ(error_after([](auto& file) {
              file["padding"] = {{"strategy", "BatchLongest"}};
              file["post_processor"] = nlohmann::json::parse(
                  R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}], "pair": []})");
            }).message,
            "loaded");
}

TEST_F(TokenizerFile, NamesFileAndFieldOfWhatItCannotRead) {
  const auto field = [&](const auto& change) { return error_after(change).field; };
  EXPECT_EQ(field([](auto& file) { file["normalizer"] = {{"type", "Lowercase"}}; }), "normalizer");
  EXPECT_EQ(field([](auto& file) { file["model"]["type"] = "BPE"; }), "model");
  EXPECT_EQ(field([](auto& file) { file["model"].erase("vocab"); }), "model");
  EXPECT_EQ(field([](auto& file) { file["model"]["vocab"]["x"] = 1000; }), "model.vocab");
  EXPECT_EQ(field([](auto& file) { file["model"]["vocab"]["x"] = 3; }), "model.vocab");
  EXPECT_EQ(field([](auto& file) { file["model"]["vocab"]["0"] = "8"; }), "model.vocab");
  EXPECT_EQ(field([](auto& file) { file["added_tokens"].erase(3); }), "added_tokens.3.content");
  EXPECT_EQ(field([](auto& file) { file["pre_tokenizer"]["pattern"]["Regex"] = "."; }), "pre_tokenizer.pattern.Regex");
  EXPECT_EQ(field([](auto& file) { file.erase("decoder"); }), "decoder");
  EXPECT_EQ(field([](auto& file) {
              file["post_processor"] = {{"type", "TemplateProcessing"},
                                        {"single", {{{"SpecialToken", {{"id", "<bos>"}, {"type_id", 0}}}}}}};
            }),
            "post_processor");
  EXPECT_EQ(error_after([](auto& file) { file["decoder"] = nullptr; }).to_string(),
            path_ + ": decoder: is null, but hone reads {\"type\":\"Fuse\"} here");
}

TEST_F(TokenizerFile, RefusesWhatIsNotJson) {
  EXPECT_EQ(load("{").error().file, path_);
  EXPECT_EQ(load("[]").error().message, "must be an object");
  EXPECT_EQ(load_tokenizer(path_ + ".missing").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace hone::policy
