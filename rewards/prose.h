// The parts of a completion, and what in them is written for people.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace hone::rewards {

enum class TextPart { kReasoning, kAnswer, kAll };
std::span<const char* const> enum_names(TextPart);

// The reasoning is what lies between <think>, or the start where the prompt ends with that tag or none comes, and the
// last </think>, or the end where there is none. The answer is what follows it; without either tag the whole
// completion. nullopt: the completion has no such part.
std::optional<std::string_view> find_part(std::string_view completion, std::string_view prompt, TextPart part);

// The pieces of a text outside maths ($...$ within a paragraph, $$...$$, \(...\), \[...\]), code (`...` within a
// paragraph, ```...```), tags and names of LaTeX commands. An opening that never ends is prose. Time linear in the
// text.
std::vector<std::string_view> prose(std::string_view text);

}  // namespace hone::rewards
