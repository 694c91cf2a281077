#include "trainer/evaluator.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "rewards/checker.h"
#include "trainer/sampler.h"

namespace hone::trainer {
namespace {

using Json = nlohmann::json;

// Grades one answer by the checker and by format.
class Grader {
 public:
  static Result<Grader> create(const EvalRequest& request, const policy::Tokenizer& tokenizer) {
    const auto count = [&tokenizer](std::string_view text) {
      const auto tokens = tokenizer.encode(text);
      return tokens.ok() ? static_cast<int64_t>(tokens->size()) : static_cast<int64_t>(text.size());
    };
    Grader grader;
    HONE_TRY_ASSIGN(grader.checker_, rewards::make_checker(
                                         request.checker, Json::parse(request.checker_options, nullptr, false), count));
    HONE_TRY_ASSIGN(grader.format_, rewards::make_checker("format", Json::object(), count));
    return grader;
  }

  EvalSample grade(const rl::FinishedSample& finished) const {
    const rl::Problem& problem = finished.prompt->problem;
    const Json gold = Json::parse(problem.gold, nullptr, false),
               extra = Json::parse(problem.extra_info, nullptr, false);
    rewards::CheckInput input{problem.prompt,
                              finished.sample.text,
                              gold.is_discarded() ? nullptr : &gold,
                              problem.data_source,
                              extra.is_discarded() ? nullptr : &extra,
                              finished.sample.finish};
    const rewards::CheckResult result = checker_->check(input), format = format_->check(input);
    return {result.verdict == rl::Verdict::kCorrect, format.score > 0,
            static_cast<int32_t>(finished.sample.tokens.size()), finished.sample.finish == rl::FinishReason::kLength,
            result.canonical};
  }

 private:
  std::unique_ptr<rewards::Checker> checker_, format_;
};

// The double nearest to the float's shortest decimal: 0.6f is reported as 0.6.
double as_written(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double out = 0;
  std::from_chars(text, end, out);
  return out;
}

Result<std::vector<rl::Prompt>> read_prompts(ProblemSource& source, int64_t problems,
                                             const policy::Tokenizer& tokenizer) {
  const auto rows = source.rows();
  const uint64_t count =
      rows ? std::min<uint64_t>(*rows, static_cast<uint64_t>(problems)) : static_cast<uint64_t>(problems);
  std::vector<rl::Prompt> out;
  for (uint64_t i = 0; i < count; ++i) {
    rl::Prompt prompt{i, {}, {}};
    HONE_TRY_ASSIGN(prompt.problem, source.at(i));
    HONE_TRY_ASSIGN(prompt.tokens, encode_prompt(tokenizer, prompt.problem.prompt));
    out.push_back(std::move(prompt));
  }
  return out;
}

}  // namespace

Result<EvalReport> evaluate_model(const Model& model, ProblemSource& problems, const EvalRequest& request,
                                  const RolloutSection& rollout, const kernels::Stream& stream,
                                  const std::atomic<bool>* stop, std::vector<EvalAnswer>* shown) {
  const auto start = std::chrono::steady_clock::now();
  HONE_TRY_ASSIGN(const Grader grader, Grader::create(request, *model.tokenizer));
  HONE_TRY_ASSIGN(const std::vector<rl::Prompt> prompts, read_prompts(problems, request.problems, *model.tokenizer));
  if (prompts.empty()) return Error{ErrorCode::kInvalid, "there are no problems to evaluate on"};
  SamplerRequest sampling;
  sampling.options = {request.samples, request.params, request.max_new_tokens, {}, request.key};
  HONE_TRY_ASSIGN(sampling.options.stop_tokens, stop_tokens(*model.tokenizer, request.stop));
  for (const rl::Prompt& p : prompts)
    sampling.longest_prompt = std::max(sampling.longest_prompt, static_cast<int64_t>(p.tokens.size()));
  sampling.prompt = [&](uint64_t serial) -> Result<rl::Prompt> { return prompts[serial]; };
  sampling.version = [] { return int64_t{0}; };
  HONE_TRY_ASSIGN(const std::unique_ptr<Sampler> sampler, Sampler::create(model, rollout, std::move(sampling), stream));
  HONE_TRY(sampler->source().issue(0, static_cast<int>(prompts.size())));
  std::vector<std::vector<EvalSample>> samples(prompts.size(), std::vector<EvalSample>(request.samples));
  if (shown) shown->assign(prompts.size(), {});
  while (true) {
    if (stop && *stop) return Error{ErrorCode::kInterrupted, "interrupted while evaluating"};
    HONE_TRY_ASSIGN(const std::optional<rl::FinishedSample> finished, sampler->source().next());
    if (!finished) break;
    const uint64_t problem = finished->prompt->serial;
    samples[problem][finished->sample.index] = grader.grade(*finished);
    if (shown && finished->sample.index == 0)
      (*shown)[problem] = {finished->prompt->problem.prompt, finished->sample.text, finished->prompt->problem.gold,
                           samples[problem][0].correct};
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return evaluate(samples,
                  {request.target, request.task, request.samples, as_written(request.params.temperature), seconds});
}

Result<std::unique_ptr<ProblemSource>> make_eval_source(const EvalConfig& eval, const DataConfig& data, uint64_t seed) {
  if (!eval.path.empty()) {
    const Columns columns{data.columns.prompt, data.columns.gold, data.columns.completion, data.columns.data_source};
    FileSourceOptions options;
    options.path = eval.path;
    options.columns = columns;
    options.shuffle = false;
    options.prompt_template = {data.prompt_template};
    return make_file_source(options);
  }
  TaskSourceOptions options;
  options.task = eval.task;
  options.key = mix64(seed, 0, Purpose::kEval);
  options.split = rewards::Split::kHeldOut;
  options.prompt_template = {data.prompt_template};
  return make_task_source(options);
}

}  // namespace hone::trainer
