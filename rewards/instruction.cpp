#include "rewards/instruction.h"

#include <algorithm>

#include "rewards/instruction_text.h"
#include "rewards/tags.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

constexpr const char* kFrom[] = {"gold", "extra_info"};
constexpr const char* kReadings[] = {"strict", "loose"};
constexpr const char* kScores[] = {"all", "share"};
constexpr const char *kIds = "instruction_id_list", *kArguments = "kwargs";

struct Instruction {
  std::string id;
  InstructionRule follows;
};

Result<std::vector<Instruction>> read_instructions(const json* value) {
  constexpr size_t kMost = 64;
  if (value == nullptr || !value->is_object() || !value->contains(kIds))
    return Error{.message = "must be an object", .field = kIds};
  const json& ids = (*value)[kIds];
  const json arguments = value->value(kArguments, json::array());
  if (!ids.is_array() || ids.empty() || ids.size() > kMost)
    return Error{.message = str("must be a list of 1 to ", kMost, " names"), .field = kIds};
  if (!arguments.is_array() || arguments.size() != ids.size())
    return Error{.message = "must be a list with an object for every instruction", .field = kArguments};
  std::vector<Instruction> instructions;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!ids[i].is_string()) return Error{.message = "must be a list of names", .field = kIds};
    const std::string& id = ids[i].get_ref<const std::string&>();
    HONE_TRY_ASSIGN(InstructionRule rule, make_instruction(id, arguments[i]));
    instructions.push_back({id, std::move(rule)});
  }
  return instructions;
}

// The response, and in a loose reading also without its first line, its last line and both, and each of these without
// asterisks.
std::vector<std::string> readings(std::string_view response, InstructionReading reading) {
  std::vector<std::string> all{std::string(response)};
  if (reading == InstructionReading::kStrict) return all;
  const size_t first = response.find('\n'), last = response.rfind('\n');
  const bool lines = first != response.npos;
  all.emplace_back(lines ? trim(response.substr(first + 1)) : "");
  all.emplace_back(lines ? trim(response.substr(0, last)) : "");
  all.emplace_back(lines && first < last ? trim(response.substr(first + 1, last - first - 1)) : "");
  for (size_t i = 0; i < 4; ++i) {
    all.push_back(all[i]);
    std::erase(all.back(), '*');
  }
  std::erase_if(all, [](const std::string& text) { return trim(text).empty(); });
  return all;
}

std::string_view without_answer_tags(std::string_view text) {
  const std::string_view inside = trim(text);
  if (!inside.starts_with(kAnswerOpen) || !inside.ends_with(kAnswerClose)) return text;
  return inside.substr(kAnswerOpen.size(), inside.size() - kAnswerOpen.size() - kAnswerClose.size());
}

}  // namespace

HONE_CHECKER("instruction", InstructionChecker, "verifiable instructions in the form of IFEval");

std::span<const char* const> enum_names(InstructionFrom) { return kFrom; }
std::span<const char* const> enum_names(InstructionReading) { return kReadings; }
std::span<const char* const> enum_names(InstructionScore) { return kScores; }

Fields InstructionChecker::Options::fields() {
  return {field("from", from, {.help = "Where the instructions stand."}),
          field("part", part, {.help = "Which part of the completion must follow them."}),
          field("reading", reading, {.help = "loose: also without the first line, the last line and asterisks."}),
          field("score", score, {.help = "all: 1 when all are followed; share: the share that is followed."})};
}

Result<std::unique_ptr<Checker>> InstructionChecker::make(const Options& options, const CheckerContext&) {
  return std::unique_ptr<Checker>(new InstructionChecker(options));
}

Result<void> InstructionChecker::check_gold(const json& gold) const {
  if (options_.from != InstructionFrom::kGold) return {};
  HONE_TRY(read_instructions(&gold));
  return {};
}

CheckResult InstructionChecker::check(const CheckInput& input) const {
  const auto instructions = read_instructions(options_.from == InstructionFrom::kGold ? input.gold : input.extra_info);
  if (!instructions) return {.verdict = Verdict::kGoldError, .reason = instructions.error().to_string()};
  const auto part = input.bare_answer ? input.completion : find_part(input.completion, input.prompt, options_.part);
  if (!part || trim(*part).empty()) return {.verdict = Verdict::kNoAnswer, .reason = "there is no response"};
  const auto responses = readings(without_answer_tags(*part), options_.reading);
  std::string broken;
  double followed = 0;
  for (const Instruction& instruction : *instructions) {
    if (std::any_of(responses.begin(), responses.end(), instruction.follows)) ++followed;
    else broken += (broken.empty() ? "not followed: " : ", ") + instruction.id;
  }
  const bool all = broken.empty();
  const bool share = options_.score == InstructionScore::kShare;
  return {.verdict = all ? Verdict::kCorrect : Verdict::kWrong,
          .score = share ? followed / static_cast<double>(instructions->size()) : (all ? 1.0 : 0.0),
          .reason = broken};
}

}  // namespace hone::rewards
