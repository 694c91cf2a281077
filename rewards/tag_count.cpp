#include "rewards/tag_count.h"

#include "rewards/tags.h"

namespace hone::rewards {
namespace {

using rl::Verdict;

constexpr size_t kMaxTags = 16;

// 0, 1 or 2, which stands for more.
int occurrences(std::string_view text, std::string_view tag) {
  const size_t first = text.find(tag);
  if (first == text.npos) return 0;
  return text.find(tag, first + tag.size()) == text.npos ? 1 : 2;
}

}  // namespace

HONE_CHECKER("tag_count", TagCountChecker, "share of tags that occur exactly once");

Fields TagCountChecker::Options::fields() { return {field("tags", tags, {.help = "The tags that are counted."})}; }

Result<std::unique_ptr<Checker>> TagCountChecker::make(const Options& options, const CheckerContext&) {
  if (options.tags.empty() || options.tags.size() > kMaxTags)
    return Error{.message = str("must be 1 to ", kMaxTags, " tags, not ", options.tags.size()), .field = "tags"};
  for (const std::string& tag : options.tags)
    if (trim(tag).empty()) return Error{.message = "a tag is empty", .field = "tags"};
  return std::unique_ptr<Checker>(new TagCountChecker(options));
}

CheckResult TagCountChecker::check(const CheckInput& input) const {
  if (input.bare_answer) return {.verdict = Verdict::kNotApplicable, .reason = "a bare answer has no tags"};
  const std::string_view prompt = trim(input.prompt);
  int once = 0;
  std::string reason;
  for (const std::string& tag : tags_) {
    const int count = occurrences(input.completion, tag) + (prompt.ends_with(tag) ? 1 : 0);
    once += count == 1;
    if (count != 1 && reason.empty()) reason = str(tag.substr(0, 64), count == 0 ? " is missing" : " appears twice");
  }
  return {.verdict = Verdict::kScored, .score = once / static_cast<double>(tags_.size()), .reason = reason};
}

}  // namespace hone::rewards
