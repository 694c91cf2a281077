// Answers in words, and letters of multiple choice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hone::math {

// The words of an answer that has nothing else in it, in lower case, single spaces between; nullopt for everything that
// may be an expression (single letters, names of functions and constants, two letters).
std::optional<std::string> plain_words(std::string_view text);

// An answer that cannot be read as an expression but holds words: its text without markup. nullopt when it has none.
std::optional<std::string> prose(std::string_view text);

// Whether the text is a sentence rather than an expression: it holds words that are neither functions nor units.
bool is_sentence(std::string_view text);

// The letter of "C", "(C)", "C) 12", "\text{(C)}" or "C. because"; nullopt where there is none.
std::optional<char> choice_letter(std::string_view text);

}  // namespace hone::math
