// The plug-in's side of plugin.h for checkers written in C++: exports what HONE_CHECKER registered in the same library.
#include <deque>

#include "base/json_reader.h"
#include "rewards/outside/plugin.h"
#include "rewards/registry.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

hone_text view(const std::string& text) { return {text.data(), text.size()}; }
std::string_view view(hone_text text) { return {text.data, text.size}; }

const Checker& checker_of(const void* checker) { return *static_cast<const Checker*>(checker); }

Result<std::unique_ptr<Checker>> make(std::string_view name, std::string_view options) {
  const std::vector<std::string> names = checker_names();
  if (name.empty() && names.size() != 1)
    return Error{.message = str("has ", names.size(), " checkers, so one must be named"), .field = "name"};
  HONE_TRY_ASSIGN(const json own, parse_json(options, "options"));
  return make_checker(name.empty() ? names.front() : name, own);
}

void* create(hone_text name, hone_text options, hone_text_sink* error, void* context) noexcept {
  Result<std::unique_ptr<Checker>> checker = make(view(name), view(options));
  if (checker.ok()) return std::move(checker).value().release();
  error(context, view(checker.error().to_string()));
  return nullptr;
}

void destroy(void* checker) noexcept { delete static_cast<Checker*>(checker); }

int32_t check_gold(const void* checker, hone_text gold, hone_text_sink* error, void* context) noexcept {
  const Result<json> value = parse_json(view(gold), "gold");
  const Result<void> fine = value.ok() ? checker_of(checker).check_gold(*value) : Result<void>(value.error());
  if (!fine.ok()) error(context, view(fine.error().to_string()));
  return fine.ok();
}

int32_t wants_group(const void* checker) noexcept { return checker_of(checker).wants_group(); }

// An input and the values its pointers point to.
struct Sample {
  json gold, extra_info;
  CheckInput input;

  explicit Sample(const hone_input& from) {
    input = {.prompt = view(from.prompt), .completion = view(from.completion), .data_source = view(from.data_source),
             .finish = from.truncated != 0 ? rl::FinishReason::kLength : rl::FinishReason::kStop,
             .bare_answer = from.bare_answer != 0, .tokens = {from.tokens, from.token_count},
             .serial = from.serial, .index = from.index};
    input.gold = read(from.gold, gold);
    input.extra_info = read(from.extra_info, extra_info);
  }
  // Texts that hone wrote, so they can be read.
  static const json* read(hone_text text, json& value) {
    if (text.size == 0) return nullptr;
    value = parse_json(view(text), "").value();
    return &value;
  }
};

void check(const void* checker, const hone_input* samples, size_t count, hone_result_sink* sink,
           void* context) noexcept {
  std::deque<Sample> kept;
  std::vector<CheckInput> group;
  for (size_t i = 0; i < count; ++i) group.push_back(kept.emplace_back(samples[i]).input);
  for (const CheckResult& result : checker_of(checker).check_group(group)) {
    const hone_result out = {static_cast<int32_t>(result.verdict), result.score, view(result.extracted),
                             view(result.canonical), view(result.gold_canonical), view(result.reason)};
    sink(context, &out);
  }
}

constexpr hone_plugin_api kApi = {HONE_PLUGIN_ABI, create, destroy, check_gold, wants_group, check};

}  // namespace
}  // namespace hone::rewards

extern "C" const hone_plugin_api* hone_plugin(void) noexcept { return &hone::rewards::kApi; }
