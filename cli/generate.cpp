// hone generate: answers to prompts.
#include <memory>
#include <optional>
#include <utility>

#include "base/philox.h"
#include "cli/answer_sampler.h"
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

using rollout::FinishedAnswer;
using trainer::OpenedTarget;

struct Options {
  std::string target, input, dtype;
  policy::SamplingParams params;
  std::optional<int32_t> max_new_tokens;
  int32_t answers = 1;
  uint64_t seed = 0;
  std::vector<std::string> stop;
  bool ignore_eos = false;
  int64_t threads = 0;
};

// A line of input on its way to its answer.
struct Request {
  JsonLine line;
  Result<AnswerSampler::Prompt> prompt;
  std::vector<FinishedAnswer> answers;  // [answers], by their place in the group
  int32_t unfinished = 0;
};

Result<AnswerSampler::Prompt> read_request(const trainer::Model& model, const JsonLine& line) {
  if (!line.object.ok()) return line.object.error();
  HONE_TRY_ASSIGN(std::vector<int32_t> tokens, read_prompt(model, line));
  return std::make_shared<const std::vector<int32_t>>(std::move(tokens));
}

Result<rollout::StopRule> stop_rule(const OpenedTarget& target, const Options& options) {
  std::vector<std::string> texts = options.stop;
  if (texts.empty() && target.stage) texts = target.stage->stop;
  return trainer::stop_rule(target.model, texts, options.ignore_eos ? trainer::Eos::kIgnored : trainer::Eos::kStops);
}

Result<AnswerOptions> answer_options(const OpenedTarget& target, const Options& options) {
  // A stage number that no pipeline reaches: the draws are not those of a stage with the same seed.
  constexpr uint64_t kStage = UINT64_MAX;
  AnswerOptions out;
  out.answers = options.answers;
  out.params = options.params;
  if (target.stage) out.max_new_tokens = static_cast<int32_t>(target.stage->eval.max_new_tokens);
  out.max_new_tokens = options.max_new_tokens.value_or(out.max_new_tokens);
  out.key = mix64(options.seed, kStage, Purpose::kToken);
  const trainer::RolloutSection rollout = target.config ? target.config->rollout : trainer::RolloutSection();
  out.engine = {.max_sequences = static_cast<int32_t>(rollout.max_sequences),
                .prefill_chunk = static_cast<int32_t>(rollout.prefill_chunk)};
  HONE_TRY_ASSIGN(out.stop, stop_rule(target, options));
  return out;
}

class Generation {
 public:
  Generation(const OpenedTarget& target, const kernels::Stream& stream, AnswerOptions options)
      : model_(target.model), stream_(stream), options_(std::move(options)) {}

  int run(const std::string& input);

 private:
  Result<void> sample();
  void submit(AnswerSampler& sampler);
  void take(const FinishedAnswer& answer);
  void write_finished();
  Result<JsonObject> describe(const Request& request) const;
  Result<JsonObject> describe(const std::vector<int32_t>& prompt, const FinishedAnswer& answer) const;
  Result<std::vector<float>> raw_logprobs(const std::vector<int32_t>& prompt, const FinishedAnswer& answer,
                                          const std::vector<int32_t>& tokens) const;

  const trainer::Model& model_;
  const kernels::Stream& stream_;
  const AnswerOptions options_;
  std::vector<Request> requests_;
  size_t written_ = 0;  // requests_ before it are answered
  AnswerWriter writer_;
};

int Generation::run(const std::string& input) {
  const Result<void> read = read_json_lines(input, [&](const JsonLine& line) {
    requests_.push_back({.line = line, .prompt = read_request(model_, line)});
  });
  if (!read.ok()) return fail(read.error());
  const Result<void> sampled = sample();
  if (!sampled.ok()) return fail(sampled.error());
  return writer_.exit_code();
}

Result<void> Generation::sample() {
  std::vector<AnswerSampler::Prompt> prompts;
  for (const Request& request : requests_) prompts.push_back(request.prompt.ok() ? *request.prompt : nullptr);
  HONE_TRY_ASSIGN(AnswerSampler sampler, AnswerSampler::create(model_, options_, prompts, stream_));
  submit(sampler);
  write_finished();
  return sampler.run([&](const FinishedAnswer& answer) { take(answer); });
}

void Generation::submit(AnswerSampler& sampler) {
  for (size_t place = 0; place < requests_.size(); ++place) {
    Request& request = requests_[place];
    if (!request.prompt.ok()) continue;
    const Result<void> submitted = sampler.submit(place, *request.prompt);
    if (!submitted.ok()) {
      request.prompt = submitted.error();
      continue;
    }
    request.answers.resize(static_cast<size_t>(options_.answers));
    request.unfinished = options_.answers;
  }
}

void Generation::take(const FinishedAnswer& answer) {
  Request& request = requests_[answer.id];
  request.answers[answer.sample] = answer;
  if (--request.unfinished == 0) write_finished();
}

// In the order of the input: a request waits for those before it.
void Generation::write_finished() {
  for (; written_ < requests_.size() && requests_[written_].unfinished == 0; ++written_) {
    Request& request = requests_[written_];
    writer_.write(request.line, describe(request));
    request.answers.clear();
  }
}

Result<JsonObject> Generation::describe(const Request& request) const {
  if (!request.prompt.ok()) return request.prompt.error();
  std::vector<JsonObject> completions;
  for (const FinishedAnswer& answer : request.answers) {
    HONE_TRY_ASSIGN(JsonObject completion, describe(**request.prompt, answer));
    completions.push_back(std::move(completion));
  }
  JsonObject object;
  object.add("completions", completions);
  return object;
}

Result<JsonObject> Generation::describe(const std::vector<int32_t>& prompt, const FinishedAnswer& answer) const {
  std::vector<int32_t> tokens;
  for (const policy::Draw& draw : answer.draws) tokens.push_back(draw.token);
  HONE_TRY_ASSIGN(const std::vector<float> logprobs, raw_logprobs(prompt, answer, tokens));
  JsonObject object;
  if (model_.tokenizer) {
    object.add("text", rollout::answer_text(*model_.tokenizer, answer, rollout::StopText::kLeaveOut));
  }
  object.add("token_ids", tokens);
  object.add_floats("logprobs", logprobs);
  object.add("finish_reason", answer.finish == rl::FinishReason::kStop ? "stop" : "length");
  return object;
}

// The sampler records log-probabilities of logits / temperature; those of the raw distribution are computed afterwards.
Result<std::vector<float>> Generation::raw_logprobs(const std::vector<int32_t>& prompt, const FinishedAnswer& answer,
                                                    const std::vector<int32_t>& tokens) const {
  const float temperature = options_.params.temperature;
  if (temperature != 0 && temperature != 1) {
    std::vector<int32_t> sequence = prompt;
    sequence.insert(sequence.end(), tokens.begin(), tokens.end());
    return trainer::score_tokens(model_, sequence, static_cast<int64_t>(prompt.size()), stream_);
  }
  std::vector<float> logprobs;
  for (const policy::Draw& draw : answer.draws) logprobs.push_back(draw.logprob);
  return logprobs;
}

int generate(const Options& options) {
  Compute compute(options.threads);
  const Result<OpenedTarget> target = compute.open(options.target, options.dtype);
  if (!target.ok()) return fail(target.error());
  Result<AnswerOptions> answers = answer_options(*target, options);
  if (!answers.ok()) return refuse(answers.error());
  return Generation(*target, compute.stream(), std::move(answers).value()).run(options.input);
}

void add_sampling_options(CLI::App& command, Options& options) {
  command.add_option("--temperature", options.params.temperature, "0: the likeliest token (default 1)")
      ->type_name("T")->check(number_in(0, 100));
  command.add_option("--top-p", options.params.top_p, "the likeliest tokens of this total probability (default 1)")
      ->type_name("P")->check(number_in(1e-6, 1));
  command.add_option("--top-k", options.params.top_k, "the k likeliest tokens; 0: all (default)")
      ->type_name("K")->check(whole_number());
  command.add_option("--max-new-tokens", options.max_new_tokens, "longest answer (default: that of the run, else 64)")
      ->type_name("N")->check(positive_count());
  command.add_option("--n", options.answers, "answers to each prompt (default 1)")
      ->type_name("N")->check(positive_count());
  command.add_option("--seed", options.seed, "an answer depends on it and on the number of its line (default 0)")
      ->type_name("S")->check(whole_number());
  command.add_option("--stop", options.stop, "texts that end an answer and are left out of it (default: the run's)")
      ->type_name("TEXT");
  command.add_flag("--ignore-eos", options.ignore_eos, "<eos> does not end an answer");
}

}  // namespace

void add_generate(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("generate", "answers to prompts; JSON lines");
  command->footer("in:  {\"id\", \"prompt\"} (<bos> is put in front where training does), {\"id\", \"token_ids\"} or\n"
                  "     {\"id\", \"messages\", \"tools\"?}, which the model's chat template renders\n"
                  "out: {\"id\", \"completions\": [{\"text\", \"token_ids\", \"logprobs\", \"finish_reason\"}]}\n"
                  "Log-probabilities are natural logarithms of the raw distribution, whatever it was sampled with.");
  add_target(*command, options->target);
  add_input(*command, options->input);
  add_sampling_options(*command, *options);
  add_dtype(*command, options->dtype);
  add_threads(*command, options->threads);
  command->callback([options, &chosen] { chosen = [options] { return generate(*options); }; });
}

}  // namespace hone::cli
