// hone score: log-probabilities of given texts.
#include <memory>
#include <numeric>

#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/exit.h"
#include "cli/json_lines.h"
#include "cli/options.h"
#include "cli/prompt_tokens.h"
#include "trainer/score_texts.h"

namespace hone::cli {
namespace {

struct Options {
  std::string target, input;
  int64_t threads = 0;
};

struct ScoredText {
  std::vector<int32_t> tokens;
  int64_t prompt_tokens = 0;
};

Result<ScoredText> read_token_form(const trainer::Model& model, const nlohmann::json& line) {
  ScoredText text;
  HONE_TRY_ASSIGN(text.tokens, read_tokens(line, "token_ids", model.weights->config().vocab_size));
  const auto count = line.find("prompt_tokens");
  const auto length = static_cast<int64_t>(text.tokens.size());
  const bool fits = count != line.end() && count->is_number_integer() && *count >= 1 && *count <= length;
  if (!fits) {
    return Error{.message = str("must be a whole number from 1 to the length of token_ids, ", length),
                 .field = "prompt_tokens"};
  }
  text.prompt_tokens = count->get<int64_t>();
  return text;
}

Result<ScoredText> read_text_form(const trainer::Model& model, const nlohmann::json& line) {
  HONE_TRY_ASSIGN(const std::string prompt, read_text(line, "prompt"));
  HONE_TRY_ASSIGN(const std::string completion, read_text(line, "completion"));
  ScoredText text;
  HONE_TRY_ASSIGN(text.tokens, encode_prompt(model, prompt));
  HONE_TRY_ASSIGN(const std::vector<int32_t> more, encode_text(model, completion));
  text.prompt_tokens = static_cast<int64_t>(text.tokens.size());
  text.tokens.insert(text.tokens.end(), more.begin(), more.end());
  return text;
}

Result<JsonObject> score_line(const trainer::Model& model, const nlohmann::json& line, const kernels::Stream& stream) {
  HONE_TRY_ASSIGN(const ScoredText text,
                  line.contains("token_ids") ? read_token_form(model, line) : read_text_form(model, line));
  const auto length = static_cast<int64_t>(text.tokens.size());
  const int64_t longest = model.weights->config().max_positions;
  if (length > longest) return Error{.message = str(length, " tokens; a sequence has at most ", longest)};
  std::vector<float> logprobs;
  if (length > text.prompt_tokens) {
    HONE_TRY_ASSIGN(logprobs, trainer::score_tokens(model, text.tokens, text.prompt_tokens, stream));
  }
  JsonObject answer;
  answer.add("token_ids", text.tokens);
  answer.add("prompt_tokens", text.prompt_tokens);
  answer.add_floats("logprobs", logprobs);
  answer.add("sum", std::accumulate(logprobs.begin(), logprobs.end(), 0.0));
  return answer;
}

int score(const Options& options) {
  Compute compute(options.threads);
  const Result<trainer::OpenedTarget> target = compute.open(options.target);
  if (!target.ok()) return fail(target.error());
  return answer_json_lines(options.input, [&](const nlohmann::json& line) {
    return score_line(target->model, line, compute.stream());
  });
}

}  // namespace

void add_score(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("score", "log-probabilities of given texts; JSON lines");
  command->footer("in:  {\"id\", \"prompt\", \"completion\"} or {\"id\", \"token_ids\", \"prompt_tokens\"}\n"
                  "out: {\"id\", \"token_ids\", \"prompt_tokens\", \"logprobs\", \"sum\"}\n"
                  "Natural logarithms, one per token after the prompt.");
  add_target(*command, options->target);
  add_input(*command, options->input);
  add_threads(*command, options->threads);
  command->callback([options, &chosen] { chosen = [options] { return score(*options); }; });
}

}  // namespace hone::cli
