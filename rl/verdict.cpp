#include "rl/verdict.h"

#include <array>
#include <string>

namespace hone::rl {
namespace {

constexpr std::array<std::string_view, kNumVerdicts> kVerdictNames = {
    "correct", "wrong",          "scored",     "no_answer", "parse_error",
    "limit",   "not_applicable", "gold_error", "timeout",   "infra"};
constexpr std::array<std::string_view, 2> kFinishNames = {"stop", "length"};

// The enumerator whose name it is; `what` names the enumeration in the error.
template <class Enum, size_t n>
Result<Enum> parse(std::string_view name, const std::array<std::string_view, n>& names, std::string_view what) {
  for (size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  std::string known;
  for (std::string_view candidate : names) known += str(known.empty() ? "" : ", ", candidate);
  return Error{ErrorCode::kInvalid, str("'", name, "' is no ", what, "; known are ", known)};
}

}  // namespace

std::string_view to_string(Verdict verdict) { return kVerdictNames[static_cast<size_t>(verdict)]; }
Result<Verdict> parse_verdict(std::string_view name) { return parse<Verdict>(name, kVerdictNames, "verdict"); }

std::string_view to_string(FinishReason finish) { return kFinishNames[static_cast<size_t>(finish)]; }
Result<FinishReason> parse_finish_reason(std::string_view name) {
  return parse<FinishReason>(name, kFinishNames, "finish reason");
}

bool has_score(Verdict verdict) { return verdict < Verdict::kNotApplicable; }
bool drops_group(Verdict verdict) { return verdict > Verdict::kNotApplicable; }

}  // namespace hone::rl
