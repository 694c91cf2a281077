#include "rewards/instruction_text.h"

#include <algorithm>

#include "base/json.h"
#include "rewards/script.h"
#include "rewards/tags.h"
#include "rewards/utf8_text.h"

namespace hone::rewards {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool in_word(const CodePoint& letter) {
  if (letter.length == 1) return letter.value == '_' || is_digit(static_cast<char>(letter.value)) ||
                                 script_of(letter.value) != Script::kNone;
  return letter.length > 0 && script_of(letter.value) != Script::kNone;
}

// Whether a word ends or begins between the bytes at - 1 and at.
bool at_boundary(std::string_view text, size_t at) {
  const bool after = at < text.size() && in_word(first_code_point(text.substr(at)));
  size_t begin = at;
  while (begin > 0 && at - begin < 4) {
    --begin;
    if ((static_cast<unsigned char>(text[begin]) & 0xC0u) != 0x80u) break;
  }
  const bool before = begin < at && in_word(first_code_point(text.substr(begin, at - begin)));
  return before != after;
}

bool is_blank(std::string_view text) { return trim(text).empty(); }

bool has_letters_in(std::string_view text, bool (*wanted)(char), bool (*unwanted)(char)) {
  return std::any_of(text.begin(), text.end(), wanted) && std::none_of(text.begin(), text.end(), unwanted);
}

// The text starts with the pieces, at most one space between two.
bool starts_spaced(std::string_view text, std::initializer_list<std::string_view> pieces) {
  bool first = true;
  for (std::string_view piece : pieces) {
    if (!first && !text.empty() && is_space(text[0])) text.remove_prefix(1);
    if (!text.starts_with(piece)) return false;
    text.remove_prefix(piece.size());
    first = false;
  }
  return true;
}

int64_t count_single_highlights(std::string_view text) {
  int64_t count = 0;
  for (size_t at = text.find('*'); at != text.npos; at = text.find('*', at)) {
    const size_t end = text.find_first_of("*\n", at + 1);
    if (end == text.npos) break;
    const bool closed = text[end] == '*';
    if (closed && !is_blank(text.substr(at + 1, end - at - 1))) ++count;
    at = end + 1;
  }
  return count;
}

int64_t count_double_highlights(std::string_view text) {
  int64_t count = 0;
  for (size_t at = text.find("**"); at != text.npos; at = text.find("**", at)) {
    const size_t end = text.find_first_of("*\n", at + 2);
    if (end == text.npos) break;
    if (!text.substr(end).starts_with("**")) {
      ++at;
      continue;
    }
    count += !is_blank(text.substr(at + 2, end - at - 2));
    at = end + 2;
  }
  return count;
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (is_upper(c)) c = static_cast<char>(c + 32);
  return lower;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == text.npos) return parts;
    begin = end + separator.size();
  }
}

std::vector<std::string_view> split_space(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    while (at < text.size() && !is_space(text[at])) ++at;
    if (at > begin) words.push_back(text.substr(begin, at - begin));
    else ++at;
  }
  return words;
}

int64_t count_of(std::string_view text, std::string_view needle) {
  int64_t count = 0;
  for (size_t at = text.find(needle); at != text.npos; at = text.find(needle, at + needle.size())) ++count;
  return count;
}

bool has_word(std::string_view text, std::string_view needle) {
  for (size_t at = text.find(needle); at != text.npos; at = text.find(needle, at + 1))
    if (at_boundary(text, at) && at_boundary(text, at + needle.size())) return true;
  return false;
}

int64_t count_words(std::string_view text) {
  int64_t count = 0;
  for (bool inside = false; !text.empty();) {
    const CodePoint letter = first_code_point(text);
    text.remove_prefix(std::max<size_t>(letter.length, 1));
    const bool now = in_word(letter);
    count += now && !inside;
    inside = now;
  }
  return count;
}

int64_t count_placeholders(std::string_view text) {
  int64_t count = 0;
  for (size_t at = text.find('['); at != text.npos; at = text.find('[', at)) {
    at = text.find_first_of("]\n", at);
    if (at != text.npos) count += text[at] == ']';
  }
  return count;
}

int64_t count_bullets(std::string_view text) {
  int64_t count = 0;
  for (std::string_view line : split(text, "\n")) {
    while (!line.empty() && is_space(line[0])) line.remove_prefix(1);
    count += line.starts_with('-') || (line.size() > 1 && line[0] == '*' && line[1] != '*');
  }
  return count;
}

int64_t count_highlights(std::string_view text) {
  return count_single_highlights(text) + count_double_highlights(text);
}

int64_t count_sections(std::string_view text, std::string_view word) {
  int64_t count = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at)) {
    at += word.size();
    const size_t digit = at + (at < text.size() && is_space(text[at]));
    count += digit < text.size() && is_digit(text[digit]);
  }
  return count;
}

int64_t count_capital_words(std::string_view text) {
  const auto words = split_space(text);
  return std::count_if(words.begin(), words.end(),
                       [](std::string_view word) { return has_letters_in(word, is_upper, is_lower); });
}

int64_t count_paragraphs(std::string_view text) {
  const auto paragraphs = split(text, "***");
  int64_t count = 0;
  for (size_t i = 0; i < paragraphs.size(); ++i) {
    const bool blank = is_blank(paragraphs[i]);
    if (blank && i > 0 && i + 1 < paragraphs.size()) return -1;
    count += !blank;
  }
  return count;
}

bool has_title(std::string_view text) {
  for (std::string_view line : split(text, "\n")) {
    const size_t begin = line.find("<<"), end = line.rfind(">>");
    if (begin == line.npos || end == line.npos || end < begin + 3) continue;
    std::string_view title = line.substr(begin, end + 2 - begin);
    while (title.starts_with('<')) title.remove_prefix(1);
    while (title.ends_with('>')) title.remove_suffix(1);
    if (!is_blank(title)) return true;
  }
  return false;
}

bool has_postscript(std::string_view text, std::string_view marker) {
  const std::string lower = ascii_lower(text);
  if (marker != "P.S." && marker != "P.P.S") return lower.find(ascii_lower(marker)) != lower.npos;
  const std::string_view all = lower;
  for (size_t at = all.find("p."); at != all.npos; at = all.find("p.", at + 1)) {
    const std::string_view rest = all.substr(at, 8);
    if (marker == "P.S." ? starts_spaced(rest, {"p.", "s."}) : starts_spaced(rest, {"p.", "p.", "s"})) return true;
  }
  return false;
}

bool is_json_block(std::string_view text) {
  text = trim(text);
  for (std::string_view fence : {"```json", "```Json", "```JSON", "```"})
    if (text.starts_with(fence)) text.remove_prefix(fence.size());
  if (text.ends_with("```")) text.remove_suffix(3);
  return nlohmann::json::accept(trim(text));
}

bool is_two_responses(std::string_view text) {
  const auto parts = split(text, "******");
  std::vector<std::string_view> responses;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = trim(parts[i]);
    if (!part.empty()) responses.push_back(part);
    else if (i > 0 && i + 1 < parts.size()) return false;
  }
  return responses.size() == 2 && responses[0] != responses[1];
}

bool is_latin_in(std::string_view text, Case letter_case) {
  const bool upper = letter_case == Case::kUpper;
  if (!has_letters_in(text, upper ? is_upper : is_lower, upper ? is_lower : is_upper)) return false;
  while (!text.empty()) {
    const CodePoint letter = first_code_point(text);
    text.remove_prefix(std::max<size_t>(letter.length, 1));
    const Script script = letter.length == 0 ? Script::kNone : script_of(letter.value);
    if (script != Script::kNone && script != Script::kLatin) return false;
  }
  return true;
}

bool paragraph_begins(std::string_view text, int64_t paragraphs, int64_t nth, std::string_view word) {
  const auto parts = split(text, "\n\n");
  const auto blank = std::count_if(parts.begin(), parts.end(), is_blank);
  const int64_t count = static_cast<int64_t>(parts.size()) - blank;
  if (count != paragraphs || nth > count) return false;
  const auto words = split_space(parts[static_cast<size_t>(nth - 1)]);
  if (words.empty()) return false;
  std::string_view first = words.front();
  while (first.starts_with('\'')) first.remove_prefix(1);
  while (first.starts_with('"')) first.remove_prefix(1);
  return ascii_lower(first.substr(0, first.find_first_of(".,?!'\""))) == ascii_lower(word);
}

}  // namespace hone::rewards
