// hone tokenize: text to tokens and back.
#include <memory>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/json_lines.h"
#include "cli/options.h"
#include "cli/prompt_tokens.h"
#include "policy/tokenizer.h"
#include "trainer/model.h"

namespace hone::cli {
namespace {

struct Options {
  std::string target, input;
};

// Leaves the weights of a model directory unread.
Result<std::unique_ptr<policy::Tokenizer>> open_tokenizer(const std::string& target) {
  HONE_TRY_ASSIGN(const trainer::FoundTarget found, trainer::find_target(target));
  for (const std::string& skipped : found.skipped) say("damaged, an older checkpoint is used: " + skipped);
  if (path_exists(join_path(found.path, "tokenizer.json"))) return policy::load_tokenizer(found.path);
  return Error{.code = ErrorCode::kNotFound, .message = "has no tokenizer.json", .file = found.path};
}

Result<std::string> text_of(const policy::Tokenizer& tokenizer, const JsonLine& line) {
  if (!line.object->contains("messages")) return read_text(*line.object, "text");
  HONE_TRY_ASSIGN(const policy::ChatTemplate* chat, chat_template_of(&tokenizer));
  HONE_TRY_ASSIGN(const ChatLine asked, read_chat(line));
  return chat->render(asked.messages, asked.options);
}

Result<JsonObject> tokenize_line(const policy::Tokenizer& tokenizer, const JsonLine& line) {
  JsonObject answer;
  if (line.object->contains("token_ids")) {
    HONE_TRY_ASSIGN(const auto tokens, read_tokens(*line.object, "token_ids", tokenizer.vocab_size()));
    answer.add("text", tokenizer.decode(tokens));
    return answer;
  }
  HONE_TRY_ASSIGN(const std::string text, text_of(tokenizer, line));
  HONE_TRY_ASSIGN(const std::vector<int32_t> tokens, tokenizer.encode(text));
  answer.add("token_ids", tokens);
  return answer;
}

int tokenize(const Options& options) {
  const auto tokenizer = open_tokenizer(options.target);
  if (!tokenizer.ok()) return fail(tokenizer.error());
  return answer_json_lines(options.input, [&](const JsonLine& line) { return tokenize_line(**tokenizer, line); });
}

}  // namespace

void add_tokenize(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tokenize", "text to tokens and back; JSON lines");
  command->footer("in:  {\"id\", \"text\"}, {\"id\", \"messages\", \"tools\"?, \"add_generation_prompt\"?}\n"
                  "     or {\"id\", \"token_ids\"}\n"
                  "out: {\"id\", \"token_ids\"}; of token_ids {\"id\", \"text\"}\n"
                  "No token is added to those of the text.");
  add_target(*command, options->target);
  add_input(*command, options->input);
  command->callback([options, &chosen] { chosen = [options] { return tokenize(*options); }; });
}

}  // namespace hone::cli
