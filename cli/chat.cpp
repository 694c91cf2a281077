// hone chat: a conversation in the terminal.
#include <memory>
#include <optional>
#include <utility>

#include "base/philox.h"
#include "cli/chat_session.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "trainer/problem_source.h"
#include "trainer/sampler.h"

namespace hone::cli {
namespace {

using trainer::OpenedTarget;

struct Options {
  std::string target, system, dtype;
  std::optional<std::string> prompt_template;
  policy::SamplingParams params{.temperature = 0.6f, .top_p = 0.95f};
  int64_t max_new_tokens = 0, context = 0, threads = 0;
  uint64_t seed = 0;
  std::vector<std::string> stop;
  bool no_think = false;
};

bool has_chat_template(const OpenedTarget& target) { return target.model.tokenizer->chat_template() != nullptr; }

// The template of --template, or what the run of the target was trained with, or the model's own.
std::string template_name(const OpenedTarget& target, const Options& options) {
  if (options.prompt_template) return *options.prompt_template;
  if (has_chat_template(target)) return std::string(trainer::kChatTemplate);
  if (!target.stage) return std::string(trainer::kNoTemplate);
  return trainer::resolve_template(target.stage->data.prompt_template, target.config->policy.path.empty(),
                                   !target.stage->data.task.empty(), *target.model.tokenizer);
}

// Null: the chat template renders messages.
Result<PlainPrompt> plain_prompt(const OpenedTarget& target, const Options& options) {
  const std::string name = template_name(target, options);
  HONE_TRY_ASSIGN(const trainer::PromptTemplate made, trainer::PromptTemplate::make(name, target.model.tokenizer));
  if (name == trainer::kChatTemplate) return PlainPrompt();
  return PlainPrompt([made](const std::string& message) -> Result<std::string> {
    rl::Problem problem;
    HONE_TRY(made.render(message, false, problem));
    return problem.prompt;
  });
}

Result<ChatSettings> chat_settings(const OpenedTarget& target, const Options& options) {
  // A stage number that no pipeline reaches: the draws are not those of a stage with the same seed.
  constexpr uint64_t kStage = UINT64_MAX;
  ChatSettings settings;
  settings.params = options.params;
  settings.max_new_tokens = options.max_new_tokens;
  settings.key = mix64(options.seed, kStage, Purpose::kToken);
  settings.system = options.system;
  settings.think = !options.no_think;
  std::vector<std::string> texts = options.stop;
  if (texts.empty() && target.stage) texts = target.stage->stop;
  HONE_TRY_ASSIGN(settings.stop, trainer::stop_rule(target.model, texts));
  return settings;
}

// What the command line asks and this model cannot do.
Result<void> check(const OpenedTarget& target, const Options& options, bool plain) {
  const int64_t most = target.model.weights->config().max_positions;
  if (options.context > most)
    return Error{.message = str("the model takes ", most, " tokens, not ", options.context), .field = "--context"};
  if (plain && !options.system.empty())
    return Error{.message = "without a chat template there is no message of the system", .field = "--system"};
  if (plain && options.no_think)
    return Error{.message = "without a chat template nothing can turn reasoning off", .field = "--no-think"};
  return {};
}

int talk(const OpenedTarget& target, const Options& options, const kernels::Stream& stream) {
  Result<PlainPrompt> plain = plain_prompt(target, options);
  if (!plain.ok()) return refuse(plain.error());
  const bool is_plain = *plain != nullptr;
  const Result<void> checked = check(target, options, is_plain);
  if (!checked.ok()) return refuse(checked.error());
  Result<ChatSettings> settings = chat_settings(target, options);
  if (!settings.ok()) return refuse(settings.error());
  const trainer::RolloutSection rollout;
  ChatDecoder decoder(target.model, stream, ChatDecoder::plan_context(target.model, options.context),
                      static_cast<int32_t>(rollout.prefill_chunk));
  ChatTerminal terminal;
  if (is_plain) terminal.note(str(has_chat_template(target) ? "--template" : "no chat template",
                                  ": each message is answered without those before it"));
  if (terminal.asks()) terminal.note("/help lists commands; Ctrl-C stops an answer, Ctrl-D ends the conversation");
  return ChatSession(target.model, std::move(*settings), std::move(*plain), decoder, terminal).run();
}

int chat(const Options& options) {
  Compute compute(options.threads);
  const Result<OpenedTarget> target = compute.open(options.target, options.dtype);
  if (!target.ok()) return fail(target.error());
  if (target->model.tokenizer) return talk(*target, options, compute.stream());
  return fail({.code = ErrorCode::kNotFound, .message = "has no tokenizer.json", .file = target->path});
}

void add_sampling_options(CLI::App& command, Options& options) {
  command.add_option("--temperature", options.params.temperature, "0: the likeliest token (default 0.6)")
      ->type_name("T")->check(number_in(0, 100));
  command.add_option("--top-p", options.params.top_p, "the likeliest tokens of this total probability (default 0.95)")
      ->type_name("P")->check(number_in(1e-6, 1));
  command.add_option("--top-k", options.params.top_k, "the k likeliest tokens; 0: all (default)")
      ->type_name("K")->check(whole_number());
  command.add_option("--max-new-tokens", options.max_new_tokens, "longest answer (default: what there is room for)")
      ->type_name("N")->check(positive_count());
  command.add_option("--context", options.context,
                     "tokens of the longest conversation (default: what the model takes and memory holds)")
      ->type_name("N")->check(positive_count());
  command.add_option("--seed", options.seed, "answers depend on it and on what was said (default 0)")
      ->type_name("S")->check(whole_number());
  command.add_option("--stop", options.stop, "texts that end an answer and are left out of it (default: the run's)")
      ->type_name("TEXT");
}

}  // namespace

void add_chat(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("chat", "a conversation in the terminal; reasoning is shown dimmed");
  command->footer("Standard input that is no terminal is a script: one message a line, answers to standard output.");
  add_target(*command, options->target);
  command->add_option("--system", options->system, "message of the system")->type_name("TEXT");
  command->add_option("--template", options->prompt_template,
                      "none, r1_zero, chat or a text around {prompt}; without chat each message stands alone")
      ->type_name("TEXT");
  command->add_flag("--no-think", options->no_think, "tells the chat template enable_thinking: false");
  add_sampling_options(*command, *options);
  add_dtype(*command, options->dtype);
  add_threads(*command, options->threads);
  command->callback([options, &chosen] { chosen = [options] { return chat(*options); }; });
}

}  // namespace hone::cli
