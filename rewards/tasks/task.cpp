#include "rewards/tasks/task.h"

#include "base/json.h"
#include "rewards/tasks/completion.h"
#include "rewards/names.h"
#include "rewards/tasks/expression.h"
#include "rewards/tasks/families.h"
#include "rewards/tasks/running_sum.h"
#include "rewards/tasks/sum.h"
#include "rewards/tasks/two_scripts.h"

namespace hone::rewards {
namespace {

CompletionForm draw_form(PhiloxStream& random, double malformed_share) {
  if (random.uniform() >= malformed_share) return CompletionForm::kWellFormed;
  return static_cast<CompletionForm>(1 + random.below(kNumMalformedForms));
}

// FNV-1a with a last mix: neighbouring prompts differ in their last bytes only.
uint64_t hash(std::string_view text) {
  uint64_t h = 0xCBF29CE484222325ull;
  for (unsigned char byte : text) h = (h ^ byte) * 0x100000001B3ull;
  h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCDull;
  return h ^ (h >> 33);
}

}  // namespace

std::span<const Task* const> tasks() {
  static const RunningSum running_sum;
  static const Sum sum;
  static const Expression expression;
  static const TwoScripts two_scripts;
  static const Task* const all[] = {&running_sum, &sum, &expression, &two_scripts,
                                    &arithmetic_chain(), &base_conversion(), &boolean_logic(), &calendar(),
                                    &countdown(), &factors(), &knights_knaves(), &linear_equations(),
                                    &modular_arithmetic(), &number_sequence(), &shortest_path(), &sorting(),
                                    &string_edits(), &sudoku4()};
  return all;
}

Judgement Task::judge(const nlohmann::json& gold, std::string_view answer) const {
  const auto right = gold.is_string() ? canonical(gold.get_ref<const std::string&>()) : std::nullopt;
  if (!right) return {rl::Verdict::kGoldError, "", "", str("the gold is no answer of the task ", name())};
  const auto given = canonical(answer);
  if (!given) return {rl::Verdict::kParseError, "", *right, "the answer is not of the form asked for"};
  return {*given == *right ? rl::Verdict::kCorrect : rl::Verdict::kWrong, *given, *right, ""};
}

Result<const Task*> find_task(std::string_view name) {
  std::vector<std::string> known;
  for (const Task* task : tasks()) {
    if (task->name() == name) return task;
    known.emplace_back(task->name());
  }
  return unknown_name("task", name, known);
}

Split split_of(std::string_view prompt) { return hash(prompt) % 16 == 0 ? Split::kHeldOut : Split::kTraining; }

rl::Problem draw_problem(const Task& task, uint64_t key, uint64_t item, Split split, const CorpusOptions& options,
                         int difficulty) {
  HONE_CHECK(difficulty >= 1 && difficulty <= task.levels(), task.name(), " has no difficulty ", difficulty);
  // With the prompts that a task must have, the chance that so many lie on one side is below 1e-50.
  constexpr int kMaxDraws = 1 << 16;
  PhiloxStream random(key, item);
  Question question = task.question(random, difficulty);
  for (int draw = 1; split_of(question.prompt) != split; ++draw) {
    HONE_CHECK(draw < kMaxDraws, task.name(), " has too few different prompts at difficulty ", difficulty);
    question = task.question(random, difficulty);
  }
  const bool with_chain = random.uniform() < options.chain_share;
  const CompletionForm form = draw_form(random, options.malformed_share);
  return {.prompt = question.prompt,
          .gold = question.gold.empty() ? nlohmann::json(question.answer).dump() : question.gold,
          .data_source = std::string(task.name()),
          .extra_info = "{}",
          .completion = write_completion(form, with_chain ? question.chain : "", question.answer)};
}

}  // namespace hone::rewards
