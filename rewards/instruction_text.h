// What the rules of IFEval (arXiv 2311.07911) measure in a text. Letters are compared without the case of ASCII; every
// function takes time linear in the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hone::rewards {

std::string ascii_lower(std::string_view text);

std::vector<std::string_view> split(std::string_view text, std::string_view separator);
std::vector<std::string_view> split_space(std::string_view text);  // words between white space

// Occurrences one after another. Requires needle not empty.
int64_t count_of(std::string_view text, std::string_view needle);
// The needle stands somewhere between ends of words. Letters of every script, digits and '_' make words.
bool has_word(std::string_view text, std::string_view needle);

int64_t count_words(std::string_view text);          // runs of letters, digits and '_'
int64_t count_placeholders(std::string_view text);   // [...] within a line
int64_t count_bullets(std::string_view text);        // lines that begin with '-', or with one '*' and more behind it
int64_t count_highlights(std::string_view text);     // *...* and **...** within a line, not blank
int64_t count_sections(std::string_view text, std::string_view word);  // the word, at most one space, a digit
int64_t count_capital_words(std::string_view text);  // words between white space with capital and no small letters
int64_t count_paragraphs(std::string_view text);     // between ***; -1 where one in the middle is blank

bool has_title(std::string_view text);                              // <<...>> within a line, not blank
bool has_postscript(std::string_view text, std::string_view marker);
bool is_json_block(std::string_view text);                          // JSON, perhaps in a fence
bool is_two_responses(std::string_view text);                       // two different texts with ****** between
enum class Case { kUpper, kLower };
bool is_latin_in(std::string_view text, Case letter_case);          // some letters, all Latin, all of that case
// There are `paragraphs` of them, blank lines between, and number `nth` (from 1) begins with the word.
bool paragraph_begins(std::string_view text, int64_t paragraphs, int64_t nth, std::string_view word);

}  // namespace hone::rewards
