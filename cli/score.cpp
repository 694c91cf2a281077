// hone score: log-probabilities of given texts.
#include <memory>
#include <numeric>

#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/exit.h"
#include "cli/json_lines.h"
#include "cli/options.h"
#include "cli/prompt_tokens.h"
#include "trainer/sampler.h"
#include "trainer/score_texts.h"

namespace hone::cli {
namespace {

struct Options {
  std::string target, input, dtype;
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

ScoredText join(std::vector<int32_t> prompt, const std::vector<int32_t>& completion) {
  ScoredText text{std::move(prompt), 0};
  text.prompt_tokens = static_cast<int64_t>(text.tokens.size());
  text.tokens.insert(text.tokens.end(), completion.begin(), completion.end());
  return text;
}

Result<ScoredText> read_text_form(const trainer::Model& model, const nlohmann::json& line) {
  HONE_TRY_ASSIGN(const std::string prompt, read_text(line, "prompt"));
  HONE_TRY_ASSIGN(const std::string completion, read_text(line, "completion"));
  HONE_TRY_ASSIGN(const policy::Tokenizer* tokenizer, tokenizer_of(model.tokenizer.get()));
  HONE_TRY_ASSIGN(std::vector<int32_t> tokens, trainer::encode_prompt(*tokenizer, prompt));
  HONE_TRY_ASSIGN(const std::vector<int32_t> more, tokenizer->encode(completion));
  return join(std::move(tokens), more);
}

// The content of a last message, which must be the assistant's; the message is taken away.
Result<std::string> take_answer(nlohmann::ordered_json& messages) {
  const size_t last = messages.size() - 1;
  const nlohmann::ordered_json& message = messages[last];
  const auto text_of = [&](const char* member) {
    const bool given = message.is_object() && message.contains(member) && message[member].is_string();
    return given ? message[member].get<std::string>() : "";
  };
  if (text_of("role") != "assistant" || text_of("content").empty()) {
    return Error{.message = "must be the assistant's, with a text as content: it is what is scored",
                 .field = str("messages[", last, "]")};
  }
  std::string content = text_of("content");
  messages.erase(last);
  if (messages.empty()) return Error{.message = "holds nothing before the answer", .field = "messages"};
  return content;
}

// As sft trains on it: the answer follows the rendered conversation and ends with <eos>.
Result<ScoredText> read_chat_form(const trainer::Model& model, const JsonLine& line) {
  HONE_TRY_ASSIGN(const policy::ChatTemplate* chat, chat_template_of(model.tokenizer.get()));
  HONE_TRY_ASSIGN(ChatLine asked, read_chat(line));
  HONE_TRY_ASSIGN(const std::string answer, take_answer(asked.messages));
  asked.options.add_generation_prompt = true;
  HONE_TRY_ASSIGN(const std::string prompt, chat->render(asked.messages, asked.options));
  HONE_TRY_ASSIGN(std::vector<int32_t> tokens, model.tokenizer->encode(prompt));
  HONE_TRY_ASSIGN(std::vector<int32_t> more, model.tokenizer->encode(answer));
  if (model.tokenizer->eos() >= 0) more.push_back(model.tokenizer->eos());
  return join(std::move(tokens), more);
}

Result<ScoredText> read_scored(const trainer::Model& model, const JsonLine& line) {
  if (line.object->contains("token_ids")) return read_token_form(model, *line.object);
  if (line.object->contains("messages")) return read_chat_form(model, line);
  return read_text_form(model, *line.object);
}

Result<JsonObject> score_line(const trainer::Model& model, const JsonLine& line, const kernels::Stream& stream) {
  HONE_TRY_ASSIGN(const ScoredText text, read_scored(model, line));
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
  const Result<trainer::OpenedTarget> target = compute.open(options.target, options.dtype);
  if (!target.ok()) return fail(target.error());
  return answer_json_lines(options.input, [&](const JsonLine& line) {
    return score_line(target->model, line, compute.stream());
  });
}

}  // namespace

void add_score(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("score", "log-probabilities of given texts; JSON lines");
  command->footer("in:  {\"id\", \"prompt\", \"completion\"}, {\"id\", \"token_ids\", \"prompt_tokens\"} or\n"
                  "     {\"id\", \"messages\"}, of which the last, the assistant's, is scored, with <eos>\n"
                  "out: {\"id\", \"token_ids\", \"prompt_tokens\", \"logprobs\", \"sum\"}\n"
                  "Natural logarithms, one per token after the prompt.");
  add_target(*command, options->target);
  add_input(*command, options->input);
  add_dtype(*command, options->dtype);
  add_threads(*command, options->threads);
  command->callback([options, &chosen] { chosen = [options] { return score(*options); }; });
}

}  // namespace hone::cli
