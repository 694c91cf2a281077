#include "rewards/format.h"

#include <array>

#include "rewards/tags.h"

namespace hone::rewards {
namespace {

constexpr std::array<std::string_view, 4> kTags = {kThinkOpen, kThinkClose, kAnswerOpen, kAnswerClose};

struct Layout {
  std::string problem;         // empty: well-formed
  std::string_view reasoning;  // only where well-formed
};

// Where each tag stands. `first`: 1 when the prompt holds <think>, which then must not come again.
std::string locate(std::string_view text, size_t first, std::array<size_t, 4>& places) {
  for (size_t i = 0; i < kTags.size(); ++i) {
    const size_t place = text.find(kTags[i]);
    const bool absent = place == text.npos;
    if (i < first && !absent) return str(kTags[i], " is in the prompt already");
    if (i < first) continue;
    if (absent) return str(kTags[i], " is missing");
    if (text.find(kTags[i], place + 1) != text.npos) return str(kTags[i], " appears twice");
    if (i > first && place < places[i - 1]) return str(kTags[i], " stands before ", kTags[i - 1]);
    places[i] = place;
  }
  return {};
}

Layout read_layout(std::string_view text, bool opened) {
  const size_t first = opened ? 1 : 0;
  std::array<size_t, 4> places{};
  if (auto problem = locate(text, first, places); !problem.empty()) return {problem, {}};
  const auto end = [&](size_t tag) { return tag < first ? 0 : places[tag] + kTags[tag].size(); };
  const auto blank = [&](size_t from, size_t to) { return trim(text.substr(from, to - from)).empty(); };
  if (!opened && !blank(0, places[0])) return {"text before <think>", {}};
  if (!blank(end(1), places[2])) return {"text between </think> and <answer>", {}};
  if (!blank(end(3), text.size())) return {"text after </answer>", {}};
  return {"", text.substr(end(0), places[1] - end(0))};
}

}  // namespace

HONE_CHECKER("format", FormatChecker, "the completion is <think>reasoning</think><answer>answer</answer>");

Fields FormatChecker::Options::fields() {
  constexpr double kMaxTokens = 1 << 20;
  return {field("min_reasoning_tokens", min_reasoning_tokens,
                {.help = "Tokens that the reasoning must have.", .range = between(0, kMaxTokens)})};
}

Result<std::unique_ptr<Checker>> FormatChecker::make(const Options& options, const CheckerContext& context) {
  if (options.min_reasoning_tokens > 0 && !context.count_tokens)
    return Error{.message = "needs a tokenizer, and there is none here", .field = "min_reasoning_tokens"};
  return std::unique_ptr<Checker>(new FormatChecker(options.min_reasoning_tokens, context.count_tokens));
}

CheckResult FormatChecker::check(const CheckInput& input) const {
  if (input.bare_answer) return {.verdict = rl::Verdict::kNotApplicable, .reason = "a bare answer has no format"};
  Layout layout = read_layout(input.completion, prompt_opens_think(input.prompt));
  if (layout.problem.empty() && min_reasoning_tokens_ > 0) {
    const int64_t tokens = count_tokens_(layout.reasoning);
    if (tokens < min_reasoning_tokens_)
      layout.problem = str("reasoning of ", tokens, " tokens, fewer than ", min_reasoning_tokens_);
  }
  return {.verdict = rl::Verdict::kScored, .score = layout.problem.empty() ? 1.0 : 0.0, .reason = layout.problem};
}

}  // namespace hone::rewards
