// hone tokenize: text to tokens and back.
#include <memory>

#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/exit.h"
#include "cli/json_lines.h"
#include "cli/options.h"
#include "cli/prompt_tokens.h"

namespace hone::cli {
namespace {

struct Options {
  std::string target, input;
};

Result<JsonObject> tokenize_line(const trainer::Model& model, const nlohmann::json& line) {
  if (line.contains("messages")) {
    return Error{.message = "this model has no chat template; give text", .field = "messages"};
  }
  JsonObject answer;
  if (line.contains("token_ids")) {
    HONE_TRY_ASSIGN(const std::vector<int32_t> tokens, read_tokens(line, "token_ids", model.tokenizer->vocab_size()));
    answer.add("text", model.tokenizer->decode(tokens));
    return answer;
  }
  HONE_TRY_ASSIGN(const std::string text, read_text(line, "text"));
  HONE_TRY_ASSIGN(const std::vector<int32_t> tokens, encode_text(model, text));
  answer.add("token_ids", tokens);
  return answer;
}

int tokenize(const Options& options) {
  Compute compute(1);
  const Result<trainer::OpenedTarget> target = compute.open(options.target);
  if (!target.ok()) return fail(target.error());
  if (!target->model.tokenizer) {
    return fail({.code = ErrorCode::kNotFound, .message = "has no tokenizer.json", .file = target->path});
  }
  const trainer::Model& model = target->model;
  return answer_json_lines(options.input, [&](const nlohmann::json& line) { return tokenize_line(model, line); });
}

}  // namespace

void add_tokenize(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tokenize", "text to tokens and back; JSON lines");
  command->footer("in:  {\"id\", \"text\"} or {\"id\", \"token_ids\"}\n"
                  "out: {\"id\", \"token_ids\"} or {\"id\", \"text\"}");
  add_target(*command, options->target);
  add_input(*command, options->input);
  command->callback([options, &chosen] { chosen = [options] { return tokenize(*options); }; });
}

}  // namespace hone::cli
