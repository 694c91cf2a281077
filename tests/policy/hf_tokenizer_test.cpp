#include "policy/hf_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <thread>

#include "base/json.h"
#include "tests/support/temp_dir.h"

namespace hone::policy {
namespace {

using nlohmann::json;
using testing::TempDir;
using Tokens = std::vector<int32_t>;

// Byte-level pairs over a few letters; the post-processor puts <s> before a text and </s> after it.
json small_file() {
  return json::parse(R"({"version": "1.0", "padding": null, "normalizer": null,
    "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
    "added_tokens": [{"id": 0, "content": "<s>", "special": true, "single_word": false, "lstrip": false,
                      "rstrip": false, "normalized": false},
                     {"id": 1, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
                      "rstrip": false, "normalized": false}],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
      {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}], "pair": [],
      "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                         "</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
    "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
    "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
      "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      "vocab": {"<s>": 0, "</s>": 1, "1": 2, "a": 3, "b": 4, "ab": 5, "\u0120": 6, "\u00c3": 7, "\u00bc": 9},
      "merges": [["a", "b"]]}})");
}

class HfTokenizerTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.file(name), std::ios::binary) << text;
  }
  Result<std::unique_ptr<Tokenizer>> load(const json& file) {
    write("tokenizer.json", file.dump());
    return load_tokenizer(dir_.path());
  }
  Error error_after(const std::function<void(json&)>& change) {
    json file = small_file();
    change(file);
    const auto loaded = load(file);
    return loaded ? Error{.message = "loaded"} : loaded.error();
  }
  TempDir dir_;
};

TEST_F(HfTokenizerTest, EncodesWholeTextsAndFramesPrompts) {
  write("tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null})");
  const auto tokenizer = load(small_file()).value();
  EXPECT_EQ(tokenizer->vocab_size(), 10);
  EXPECT_EQ((Tokens{tokenizer->pad(), tokenizer->bos(), tokenizer->eos()}), (Tokens{-1, 0, 1}));
  EXPECT_EQ(*tokenizer->encode("ab a</s>ü"), (Tokens{5, 6, 3, 1, 7, 9}));
  EXPECT_EQ(*tokenizer->encode_prompt("ab a"), (Tokens{0, 5, 6, 3}));
  EXPECT_EQ(tokenizer->decode(Tokens{0, 5, 7, 9, 8, 1, 500}, ControlTokens::kLeaveOut), "abü");
  EXPECT_EQ(tokenizer->decode(Tokens{0, 7}, ControlTokens::kKeep), "<s>\uFFFD");
  EXPECT_EQ(tokenizer->token_text(6), "\u0120");
  EXPECT_TRUE(tokenizer->is_control(1));
  EXPECT_FALSE(tokenizer->is_control(5));
  EXPECT_EQ(tokenizer->encode("ab\xFF").error().message, "byte 0xFF at byte 2 is not UTF-8");
}

TEST_F(HfTokenizerTest, FilesAreThoseThatWereThere) {
  write("tokenizer_config.json", "{}\n");
  write("chat_template.jinja", "x");
  const auto files = load(small_file()).value()->files();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].text, small_file().dump());
  EXPECT_EQ(files[1].text, "{}\n");
  EXPECT_EQ(files[2].name, "chat_template.jinja");
}

TEST_F(HfTokenizerTest, ErrorsNameFileAndField) {
  const auto field = [&](const auto& change) { return error_after(change).field; };
  EXPECT_EQ(field([](json& file) { file.erase("model"); }), "model");
  EXPECT_EQ(field([](json& file) { file["model"]["vocab"] = 5; }), "model");
  EXPECT_EQ(field([](json& file) { file["model"]["vocab"]["a"] = 1e30; }), "model");
  EXPECT_EQ(field([](json& file) { file["model"]["vocab"]["a"] = 4294967295u; }), "model.vocab");
  EXPECT_EQ(field([](json& file) { file["model"]["merges"] = {{"x", "y"}}; }), "model");
  EXPECT_EQ(field([](json& file) { file["model"]["dropout"] = 0.5; }), "model.dropout");
  EXPECT_EQ(field([](json& file) { file["normalizer"] = {{"type", "Nope"}}; }), "normalizer");
  EXPECT_EQ(field([](json& file) { file["pre_tokenizer"]["type"] = 3; }), "pre_tokenizer");
  EXPECT_EQ(field([](json& file) { file["decoder"] = json::array(); }), "decoder");
  EXPECT_EQ(field([](json& file) { file["added_tokens"][1]["id"] = 7; }), "added_tokens[1].id");
  EXPECT_EQ(error_after([](json& file) { file.erase("model"); }).to_string(),
            dir_.file("tokenizer.json") + ": model: is missing");
  write("tokenizer_config.json", R"({"eos_token": "<nope>"})");
  EXPECT_EQ(error_after([](json&) {}).to_string(),
            dir_.file("tokenizer_config.json") + ": eos_token: \"<nope>\" is not in the vocabulary of tokenizer.json");
}

TEST_F(HfTokenizerTest, HostileFilesAreErrors) {
  const std::string nested = "{\"model\": " + std::string(100000, '[');
  for (const std::string& text : {std::string(), std::string("{"), std::string("null"), std::string("[]"), nested}) {
    write("tokenizer.json", text);
    const auto loaded = load_tokenizer(dir_.path());
    ASSERT_FALSE(loaded.ok()) << text.substr(0, 40);
    EXPECT_EQ(loaded.error().file, dir_.file("tokenizer.json"));
  }
}

TEST_F(HfTokenizerTest, ThreadsShareOne) {
  const auto tokenizer = load(small_file()).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j)
        ASSERT_EQ(tokenizer->decode(*tokenizer->encode("ab a ab")), "ab a ab");
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace hone::policy
