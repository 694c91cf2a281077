#include "trainer/prompt_template.h"

#include <gtest/gtest.h>

#include "policy/char_tokenizer.h"
#include "tests/support/chat_tokenizer.h"

namespace hone::trainer {
namespace {

std::shared_ptr<const policy::Tokenizer> tokenizer() {
  return policy::CharTokenizer::make(policy::CharVocabulary{.characters = "0123456789+="}).value();
}

std::string render(const std::string& name, const std::string& question, bool is_conversation = false) {
  const auto made = PromptTemplate::make(name, tokenizer());
  if (!made) return made.error().to_string();
  rl::Problem problem;
  const auto done = made->render(question, is_conversation, problem);
  return done.ok() ? problem.prompt : done.error().to_string();
}

TEST(PromptTemplate, R1ZeroIsThePublishedText) {
  EXPECT_EQ(render("r1_zero", "What is 1+1?"),
            "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The "
            "assistant first thinks about the reasoning process in the mind and then provides the user with the "
            "answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> "
            "tags, respectively, i.e., <think> reasoning process here </think> <answer> answer here </answer>. User: "
            "What is 1+1?. Assistant:");
}

TEST(PromptTemplate, TextsAreInsertedOnce) {
  EXPECT_EQ(render("none", "{prompt}"), "{prompt}");
  EXPECT_EQ(render("Q: {prompt}\nA:", "{prompt}"), "Q: {prompt}\nA:");
  EXPECT_EQ(render("Q: {prompt}", ""), "") << "a text without a question is imitated as it stands";
}

TEST(PromptTemplate, AConversationOfOneQuestionIsItsText) {
  EXPECT_EQ(render("Q: {prompt}", R"([{"role": "user", "content": "1+1?"}])", true), "Q: 1+1?");
  EXPECT_EQ(render("none", R"([{"role": "system", "content": "s"}, {"role": "user", "content": "1+1?"}])", true),
            "prompt: is a conversation of 2 messages; only template: chat can render it");
}

TEST(PromptTemplate, RefusesWhatIsNoTemplate) {
  for (const char* text : {"", "r1", "{prompt}{prompt}"})
    EXPECT_EQ(render(text, "q"),
              str("template: must be auto, none, r1_zero, chat, or a text that holds {prompt} once, not '", text, "'"));
  EXPECT_EQ(render("chat", "q"),
            "template: the policy's tokenizer has no chat template, which template: chat needs");
}

TEST(PromptTemplate, ChatEndsWhereTheAnswerBegins) {
  const auto chat = std::make_shared<const test::ChatTokenizer>();
  const auto made = PromptTemplate::make("chat", chat);
  ASSERT_TRUE(made.ok());
  rl::Problem text, conversation;
  ASSERT_TRUE(made->render("1+1?", false, text).ok());
  EXPECT_EQ(text.prompt, "<|user|>1+1?<|assistant|>");
  EXPECT_TRUE(text.is_chat);
  EXPECT_EQ(encode_prompt(*chat, text)->front(), '<');
  const std::string messages = R"([{"role":"system","content":"s"},{"role":"user","content":"q"}])";
  ASSERT_TRUE(made->render(messages, true, conversation).ok());
  EXPECT_EQ(conversation.prompt, "<|system|>s<|user|>q<|assistant|>");
  EXPECT_EQ(resolve_template("auto", false, true, *chat), "chat");
  EXPECT_EQ(resolve_template("auto", true, true, *chat), "none");
}

TEST(PromptTemplate, AutoDependsOnThePolicyAndTheData) {
  const auto chars = tokenizer();
  EXPECT_EQ(resolve_template("auto", true, false, *chars), "none");
  EXPECT_EQ(resolve_template("auto", false, true, *chars), "none");
  EXPECT_EQ(resolve_template("auto", false, false, *chars), "r1_zero");
  EXPECT_EQ(resolve_template("{prompt}!", false, false, *chars), "{prompt}!");
}

TEST(PromptTokens, OnlyTextGetsTheTokenizersFrame) {
  const auto chars = tokenizer();
  const std::vector<int32_t> bare = chars->encode("1+1=").value();
  std::vector<int32_t> framed = bare;
  framed.insert(framed.begin(), chars->bos());
  EXPECT_EQ(encode_prompt(*chars, {.prompt = "1+1="}).value(), framed);
  EXPECT_EQ(encode_prompt(*chars, {.prompt = "1+1=", .is_chat = true}).value(), bare);
}

}  // namespace
}  // namespace hone::trainer
