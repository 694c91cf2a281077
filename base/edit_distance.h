// Spelling suggestions: "did you mean ...?".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hone {

// Damerau-Levenshtein distance (insert, delete, replace, swap two neighbours; no part edited twice).
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to the word, the first among equals; empty when none is within 2 edits.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

// "; did you mean 'x'?", or empty when no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace hone
