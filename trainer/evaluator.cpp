#include "trainer/evaluator.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <thread>

#include "base/json.h"
#include "rewards/checker.h"
#include "rl/verdict.h"
#include "trainer/graders.h"
#include "trainer/sampler.h"

namespace hone::trainer {
namespace {

using Json = nlohmann::json;

using Answers = std::vector<rl::FinishedSample>;  // of one problem, by index

// Grades answers by the checker and by format.
class Grader {
 public:
  static Result<Grader> create(const EvalRequest& request, const policy::Tokenizer& tokenizer) {
    Grader grader;
    const rewards::CheckerContext context = checker_context(tokenizer, request.sandbox);
    const Json options = Json::parse(request.checker_options, nullptr, false);
    HONE_TRY_ASSIGN(grader.checker_, rewards::make_checker(request.checker, options, context));
    HONE_TRY_ASSIGN(grader.format_, rewards::make_checker("format", Json::object(), context));
    grader.threads_ = grading_threads(context);
    return grader;
  }

  // Problems are graded in parallel. Error kGuard when a check failed: a share of right answers would not be one.
  Result<std::vector<std::vector<EvalSample>>> grade(const std::vector<Answers>& problems) const {
    std::vector<std::vector<EvalSample>> samples(problems.size());
    std::vector<std::string> failures(problems.size());
    std::atomic<size_t> next = 0;
    std::vector<std::thread> threads;
    const auto work = [&] {
      for (size_t i = next++; i < problems.size(); i = next++) samples[i] = grade_problem(problems[i], failures[i]);
    };
    for (int i = 0; i < threads_; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < failures.size(); ++i)
      if (!failures[i].empty())
        return Error{ErrorCode::kGuard, str("problem ", i, ": the check failed: ", failures[i])};
    return samples;
  }

 private:
  std::vector<EvalSample> grade_problem(const Answers& answers, std::string& failure) const {
    const rl::Problem& problem = answers.front().prompt->problem;
    const Json gold = Json::parse(problem.gold, nullptr, false),
               extra = Json::parse(problem.extra_info, nullptr, false);
    std::vector<rewards::CheckInput> inputs;
    for (const rl::FinishedSample& finished : answers)
      inputs.push_back({.prompt = problem.prompt,
                        .completion = finished.sample.text,
                        .gold = gold.is_discarded() ? nullptr : &gold,
                        .data_source = problem.data_source,
                        .extra_info = extra.is_discarded() ? nullptr : &extra,
                        .finish = finished.sample.finish,
                        .tokens = finished.sample.tokens,
                        .serial = finished.prompt->serial,
                        .index = finished.sample.index});
    std::vector<EvalSample> samples;
    for (const rewards::CheckResult& result : checker_->check_group(inputs)) {
      const rl::Sample& sample = answers[samples.size()].sample;
      if (rl::drops_group(result.verdict)) failure = str(rl::to_string(result.verdict), " ", result.reason);
      samples.push_back({result.verdict == rl::Verdict::kCorrect, format_->check(inputs[samples.size()]).score > 0,
                         static_cast<int32_t>(sample.tokens.size()), sample.finish == rl::FinishReason::kLength,
                         result.canonical.empty() ? result.extracted : result.canonical});
    }
    return samples;
  }

  std::unique_ptr<rewards::Checker> checker_, format_;
  int threads_ = 1;
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
                                             int64_t most_tokens, const policy::Tokenizer& tokenizer) {
  const auto rows = source.rows();
  const uint64_t count =
      rows ? std::min<uint64_t>(*rows, static_cast<uint64_t>(problems)) : static_cast<uint64_t>(problems);
  std::vector<rl::Prompt> out;
  for (uint64_t i = 0; i < count; ++i) {
    rl::Prompt prompt{i, {}, {}};
    HONE_TRY_ASSIGN(prompt.problem, source.at(i));
    HONE_TRY_ASSIGN(prompt.tokens, encode_prompt(tokenizer, prompt.problem));
    if (static_cast<int64_t>(prompt.tokens.size()) > most_tokens)
      return Error{.message = str("problem ", i, " has ", prompt.tokens.size(), " tokens; the policy leaves room for ",
                                  most_tokens, " before the answer"),
                   .field = "prompt"};
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
  const int64_t most_tokens = model.weights->config().max_positions + 1 - request.max_new_tokens;
  HONE_TRY_ASSIGN(const std::vector<rl::Prompt> prompts,
                  read_prompts(problems, request.problems, most_tokens, *model.tokenizer));
  if (prompts.empty()) return Error{ErrorCode::kInvalid, "there are no problems to evaluate on"};
  SamplerRequest sampling;
  sampling.options = {request.samples, request.params, request.max_new_tokens, {}, request.key};
  HONE_TRY_ASSIGN(sampling.options.stop, stop_rule(model, request.stop));
  for (const rl::Prompt& p : prompts)
    sampling.longest_prompt = std::max(sampling.longest_prompt, static_cast<int64_t>(p.tokens.size()));
  sampling.prompt = [&](uint64_t serial) -> Result<rl::Prompt> { return prompts[serial]; };
  sampling.version = [] { return int64_t{0}; };
  HONE_TRY_ASSIGN(const std::unique_ptr<Sampler> sampler, Sampler::create(model, rollout, std::move(sampling), stream));
  HONE_TRY(sampler->source().issue(0, static_cast<int>(prompts.size())));
  std::vector<Answers> answers(prompts.size(), Answers(request.samples));
  while (true) {
    if (stop && *stop) return Error{ErrorCode::kInterrupted, "interrupted while evaluating"};
    HONE_TRY_ASSIGN(std::optional<rl::FinishedSample> finished, sampler->source().next());
    if (!finished) break;
    answers[finished->prompt->serial][finished->sample.index] = std::move(*finished);
  }
  HONE_TRY_ASSIGN(const auto samples, grader.grade(answers));
  if (shown) {
    shown->clear();
    for (size_t i = 0; i < answers.size(); ++i) {
      const rl::FinishedSample& first = answers[i].front();
      const rl::Problem& problem = first.prompt->problem;
      shown->push_back({problem.prompt, first.sample.text, problem.gold, samples[i].front().correct});
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::vector<std::string> sources;
  for (const rl::Prompt& prompt : prompts) sources.push_back(prompt.problem.data_source);
  return evaluate(samples,
                  {request.target, request.task, request.samples, as_written(request.params.temperature), seconds},
                  sources);
}

}  // namespace hone::trainer
