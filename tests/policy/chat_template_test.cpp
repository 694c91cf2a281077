#include "policy/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace hone::policy {
namespace {

using nlohmann::ordered_json;
using testing::TempDir;
using ::testing::HasSubstr;

const ordered_json kMessages = ordered_json::parse(R"([{"role": "user", "content": "Hi <b>"}])");
constexpr const char* kTurns =
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{{ tools | tojson if tools }}"
    "{% if add_generation_prompt %}[assistant]{% endif %}{{ style }}";

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string described(const Error& error) {
  return "error: " + (error.line > 0 ? str(error.line, ": ") : std::string()) + error.to_string();
}

std::string rendered(const ChatTemplate& chat_template, const ordered_json& messages, const ChatOptions& options = {}) {
  const auto text = chat_template.render(messages, options);
  return text ? *text : described(text.error());
}

std::string rendered(std::string_view source, const ordered_json& messages = kMessages,
                     const ChatOptions& options = {}) {
  const auto made = ChatTemplate::from_text(source, {{"bos_token", "<s>"}});
  return made ? rendered(**made, messages, options) : described(made.error());
}

TEST(ChatTemplate, SeesMessagesToolsOptionsAndSpecialTokens) {
  ChatOptions options;
  options.tools = ordered_json::parse(R"([{"b": 1, "a": "<"}])");
  options.variables = {{"style", "!"}};
  options.add_generation_prompt = true;
  EXPECT_EQ(rendered(kTurns), "<s>[user]Hi <b>");
  EXPECT_EQ(rendered(kTurns, kMessages, options), "<s>[user]Hi <b>[{\"b\": 1, \"a\": \"<\"}][assistant]!");
}

TEST(ChatTemplate, ContinuesTheLastMessage) {
  ChatOptions options;
  options.continue_final_message = true;
  const auto messages = ordered_json::parse(R"([{"role": "assistant", "content": "So "}])");
  EXPECT_EQ(rendered("{% for m in messages %}<{{ m.content }}>{% endfor %}", messages, options), "<So ");
  EXPECT_EQ(rendered("{% for m in messages %}<{{ m.content | trim }}>{% endfor %}", messages, options), "<So");
  EXPECT_THAT(rendered("{{ messages[0].content | length }}", messages, options), HasSubstr("continue_final_message"));
}

TEST(ChatTemplate, ErrorsNameTheLine) {
  EXPECT_EQ(rendered("a\n{{ raise_exception('no ' ~ messages[0].role) }}"), "error: 2: no user");
  EXPECT_THAT(rendered("a\n\n{% if %}"), HasSubstr("error: 3: "));
  EXPECT_THAT(rendered("{{ messages[0].nope.more }}"), HasSubstr("has no attribute 'nope'"));
  EXPECT_THAT(rendered("x", ordered_json::array()), HasSubstr("messages must not be empty"));
  EXPECT_THAT(rendered("x", {{{"content", "\xFF"}}}), HasSubstr("not UTF-8"));
}

TEST(ChatTemplate, AHostileTemplateEnds) {
  const std::string doubling =
      "{% set n = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}";
  const std::string deep = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}";
  const std::string endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
  const std::string wide = "{% for a in range(99999) %}{{ 'a' * 1000 }}{% endfor %}";
  const std::string open = "{{ " + std::string(100000, '('), power = "{{ 9 ** 9 ** 9 }}";
  for (const std::string& source : {doubling, deep, endless, wide, open, power})
    EXPECT_THAT(rendered(source), HasSubstr("error: 1: ")) << source.substr(0, 80);
}

TEST(ChatTemplate, ComesFromTheFilesOfADirectory) {
  TempDir dir;
  ASSERT_EQ(ChatTemplate::load(dir.path()).value(), nullptr);
  write(dir.file("tokenizer_config.json"),
        R"({"bos_token": {"content": "<b>"}, "chat_template": [{"name": "default", "template": "plain{{ bos_token }}"},
            {"name": "tool_use", "template": "tools"}]})");
  ChatOptions tools;
  tools.tools = ordered_json::array();
  EXPECT_EQ(rendered(*ChatTemplate::load(dir.path()).value(), kMessages), "plain<b>");
  EXPECT_EQ(rendered(*ChatTemplate::load(dir.path()).value(), kMessages, tools), "tools");
  write(dir.file("chat_template.jinja"), "file");
  EXPECT_EQ(rendered(*ChatTemplate::load(dir.path()).value(), kMessages), "file");
  write(dir.file("chat_template.jinja"), "\n{{");
  const auto broken = ChatTemplate::load(dir.path());
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().file, dir.file("chat_template.jinja"));
  EXPECT_EQ(broken.error().line, 2);
}

}  // namespace
}  // namespace hone::policy
