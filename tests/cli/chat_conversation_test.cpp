#include "cli/chat_conversation.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace hone::cli {
namespace {

// Reasoning that old answers hold in their content is cut by the template, as in DeepSeek-R1's.
constexpr const char* kCutsContent =
    "{% for m in messages %}{% if m.role == 'assistant' %}[A]{{ m.content.split('</think>')[-1] }}"
    "{% else %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}[A]<think>\n{% endif %}";
// Reasoning is a member of its own, shown after the last question only, as in Qwen3's.
constexpr const char* kTakesMember =
    "{% for m in messages %}{% if m.role == 'assistant' %}[A]{% if loop.last and m.reasoning_content is string %}"
    "<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}"
    "{% else %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}[A]{% if enable_thinking is defined and enable_thinking is false %}-{% endif %}"
    "{% endif %}";
// Knows nothing of reasoning.
constexpr const char* kPlain =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[A]{% endif %}";

class ConversationTest : public ::testing::Test {
 protected:
  Conversation make(const char* jinja, nlohmann::ordered_json variables = nullptr) {
    auto made = policy::ChatTemplate::from_text(jinja, nlohmann::ordered_json::object());
    HONE_CHECK(made.ok(), made.error().to_string());
    chat_ = std::move(*made);
    return Conversation(*chat_, std::move(variables));
  }

  std::unique_ptr<policy::ChatTemplate> chat_;
};

TEST_F(ConversationTest, HasTheSystemTheTurnsAndTheQuestion) {
  Conversation talk = make(kPlain);
  EXPECT_EQ(talk.prompt("q").value(), "[user]q[A]");
  talk.set_system("s");
  talk.turns().push_back({"a", {"b"}});
  EXPECT_EQ(talk.prompt("q").value(), "[system]s[user]a[assistant]b[user]q[A]");
}

TEST_F(ConversationTest, OldReasoningIsLeftToTheTemplate) {
  const ChatAnswer whole{"<think>\nr\n</think>\n\nb", false}, rest{"r\n</think>\n\nb", true};
  for (const ChatAnswer& answer : {whole, rest}) {
    Conversation cuts = make(kCutsContent);
    cuts.turns().push_back({"a", answer});
    EXPECT_EQ(cuts.prompt("q").value(), "[user]a[A]\n\nb[user]q[A]<think>\n");
    Conversation takes = make(kTakesMember);
    takes.turns().push_back({"a", answer});
    EXPECT_EQ(takes.prompt("q").value(), "[user]a[A]b[user]q[A]");
    Conversation plain = make(kPlain);
    plain.turns().push_back({"a", answer});
    EXPECT_EQ(plain.prompt("q").value(), "[user]a[assistant]<think>\nr\n</think>\n\nb[user]q[A]");
  }
}

TEST_F(ConversationTest, ReasoningThatWasStoppedIsClosed) {
  const ChatAnswer whole{"<think>\nr", false}, rest{"r", true};
  for (const ChatAnswer& answer : {whole, rest}) {
    Conversation cuts = make(kCutsContent);
    cuts.turns().push_back({"a", answer});
    EXPECT_EQ(cuts.prompt("q").value(), "[user]a[A]\n\n[user]q[A]<think>\n");
    Conversation takes = make(kTakesMember);
    takes.turns().push_back({"a", answer});
    EXPECT_EQ(takes.prompt("q").value(), "[user]a[A][user]q[A]");
  }
}

TEST_F(ConversationTest, VariablesReachTheTemplate) {
  EXPECT_EQ(make(kTakesMember, {{"enable_thinking", false}}).prompt("q").value(), "[user]q[A]-");
}

TEST_F(ConversationTest, WhatTheTemplateRefusesIsAnError) {
  EXPECT_FALSE(make("{{ raise_exception('no') }}").prompt("q").ok());
}

}  // namespace
}  // namespace hone::cli
