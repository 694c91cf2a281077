#include "rewards/code_extract.h"

#include <algorithm>
#include <array>

#include "rewards/tags.h"

namespace hone::rewards {
namespace {

using sandboxes::Language;

bool names_language(std::string_view info, Language language) {
  constexpr std::array kPython = {"python", "py", "python3"}, kCpp = {"cpp", "c++", "cc"},
                       kBash = {"bash", "sh", "shell"};
  const auto& names = language == Language::kPython ? kPython : language == Language::kCpp ? kCpp : kBash;
  return std::ranges::any_of(names, [&](std::string_view name) {
    return std::ranges::equal(info, name, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  });
}

struct Fence {
  size_t ticks = 0;       // below 3: none
  std::string_view info;  // what follows them on the line
};

Fence read_fence(std::string_view line) {
  const std::string_view text = trim(line);
  const size_t ticks = std::min(text.find_first_not_of('`'), text.size());
  return {ticks, trim(text.substr(ticks))};
}

// Blocks as in CommonMark: closed by a line of at least as many backticks and nothing else.
std::optional<std::string_view> last_block(std::string_view text, Language language) {
  std::optional<std::string_view> named, nameless;
  Fence open;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const Fence fence = read_fence(text.substr(at, end - at));
    const bool closes = open.ticks > 0 && fence.ticks >= open.ticks && fence.info.empty();
    if (closes) {
      const std::string_view block = text.substr(begin, at - begin);
      if (names_language(open.info, language)) named = block;
      if (open.info.empty()) nameless = block;
      open = {};
    } else if (open.ticks == 0 && fence.ticks >= 3) {
      open = fence;
      begin = std::min(end + 1, text.size());
    }
    at = end + 1;
  }
  return named ? named : nameless;
}

Extraction found_or(std::optional<std::string_view> code, const char* reason) {
  if (code && !trim(*code).empty()) return {code, ""};
  return {{}, code ? "the program is empty" : reason};
}

}  // namespace

Extraction extract_code(const CheckInput& input, CodeExtract policy, Language language) {
  if (input.bare_answer) return found_or(input.completion, "");
  const std::optional<std::string_view> text = after_reasoning(input);
  if (!text) return {{}, "the reasoning does not end"};
  if (policy == CodeExtract::kAll) return found_or(text, "");
  if (policy != CodeExtract::kAnswer) {
    const auto block = last_block(*text, language);
    if (block || policy == CodeExtract::kFenced) return found_or(block, "no block of code after the reasoning");
  }
  Extraction answer = extract_answer(input);
  if (!answer.answer && policy == CodeExtract::kAuto)
    return {{}, "no block of code and no <answer> after the reasoning"};
  if (const auto block = answer.answer ? last_block(*answer.answer, language) : std::nullopt)
    return found_or(block, "");
  return answer;
}

}  // namespace hone::rewards
