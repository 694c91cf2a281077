// The tags of reasoning and answer, and text around them. Scans take time linear in the text, whatever its bytes.
#pragma once

#include <string_view>

namespace hone::rewards {

inline constexpr std::string_view kThinkOpen = "<think>", kThinkClose = "</think>";
inline constexpr std::string_view kAnswerOpen = "<answer>", kAnswerClose = "</answer>";

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Without ASCII white space at both ends.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Some templates end the prompt with <think>: the completion then begins inside the reasoning.
constexpr bool prompt_opens_think(std::string_view prompt) { return trim(prompt).ends_with(kThinkOpen); }

}  // namespace hone::rewards
