#include "rewards/math/plain_text.h"

#include <algorithm>
#include <array>

#include "rewards/math/token.h"
#include "rewards/math/units.h"

namespace hone::math {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) { return c == ' ' || c == '~' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr auto kTextCommands = std::to_array<std::string_view>(
    {"\\textbf", "\\textit", "\\textrm", "\\textnormal", "\\text", "\\mbox", "\\mathrm", "\\mathbf", "\\operatorname"});

// Without commands that only set type, braces, dollar signs and quotation marks; lower case, single spaces.
std::string stripped(std::string_view text) {
  std::string out;
  bool space = false;
  while (!text.empty()) {
    bool command = false;
    if (text[0] == '\\') {
      for (std::string_view name : kTextCommands) {
        if (!text.starts_with(name) || (text.size() > name.size() && is_letter(text[name.size()]))) continue;
        text.remove_prefix(name.size());
        command = true;
        break;
      }
      if (!command && text.size() > 1 && (text[1] == ' ' || text[1] == ',' || text[1] == '!' || text[1] == ';')) {
        text.remove_prefix(2);
        space = command = true;
      }
    }
    if (command) continue;
    const char c = text[0];
    text.remove_prefix(1);
    if (is_space(c)) space = true;
    if (is_space(c) || c == '{' || c == '}' || c == '$' || c == '"' || c == '`' || c == '*') continue;
    if (space && !out.empty()) out += ' ';
    space = false;
    out += lower(c);
  }
  const auto letters = [&] {
    return std::all_of(out.begin(), out.end() - 1, [](char c) { return is_letter(c) || c == ' ' || c == ','; });
  };
  while (!out.empty() && (out.back() == '.' || out.back() == ' ' || (out.back() == '!' && letters()))) out.pop_back();
  return out;
}

}  // namespace

std::optional<std::string> plain_words(std::string_view text) {
  if (text.empty() || !(is_letter(text[0]) || text[0] == '\\' || text[0] == '$' || text[0] == '"')) return std::nullopt;
  if (text[0] == '\\' && text.size() > 1 && text[1] != 't' && text[1] != 'm') return std::nullopt;
  std::string words = stripped(text);
  size_t longest = 0, run = 0, count = 0;
  for (size_t i = 0; i <= words.size(); ++i) {
    const char c = i < words.size() ? words[i] : ' ';
    if (is_letter(c)) {
      ++run;
    } else if (c == ' ' || c == '-' || c == '\'') {
      count += run > 0;
      longest = std::max(longest, run);
      run = 0;
    } else {
      return std::nullopt;
    }
  }
  if (longest < 3) return std::nullopt;
  if (count == 1 && find_word(words).kind != Tok::kError) return std::nullopt;
  return words;
}

std::optional<std::string> prose(std::string_view text) {
  std::string words = stripped(text);
  size_t run = 0;
  bool command = false;
  for (char c : words) {
    if (c == '\\') command = true;
    if (is_letter(c)) {
      if (!command && ++run >= 3) return words;
    } else if (c != '\\') {
      run = 0;
      command = false;
    }
  }
  return std::nullopt;
}

bool is_sentence(std::string_view text) {
  static constexpr auto kShortWords = std::to_array<std::string_view>(
      {"is", "of", "to", "we", "it", "as", "so", "by", "at", "be", "an", "no", "my", "on", "if", "us", "do", "he"});
  int unknown = 0;  // short words count half
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\\') {
      bool in_text = text.substr(i).starts_with("\\text") || text.substr(i).starts_with("\\mbox") ||
                     text.substr(i).starts_with("\\math");
      ++i;
      while (i < text.size() && is_letter(text[i])) ++i;
      if (in_text) i = std::min(text.find('}', i), text.size());
      continue;
    }
    if (!is_letter(text[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    bool small = true;
    for (; i < text.size() && is_letter(text[i]); ++i) small &= i == begin || text[i] >= 'a';
    const std::string_view word = text.substr(begin, i - begin);
    const bool glued = begin > 0 && ((text[begin - 1] >= '0' && text[begin - 1] <= '9') || text[begin - 1] == '_' ||
                                     text[begin - 1] == '{');
    if (word.size() < 2 || glued || !small || find_word(word).kind != Tok::kError || is_unit_word(word)) continue;
    const bool short_word = std::find(kShortWords.begin(), kShortWords.end(), word) != kShortWords.end();
    unknown += word.size() > 2 ? 2 : short_word;
  }
  const bool one_word = std::all_of(text.begin(), text.end(), is_letter);
  return unknown > 1 && !one_word;
}

std::optional<char> choice_letter(std::string_view text) {
  const std::string plain = stripped(text);
  std::string_view rest = plain;
  const bool bracket = rest.starts_with('(');
  if (bracket) rest.remove_prefix(1);
  if (rest.empty() || rest[0] < 'a' || rest[0] > 'j') return std::nullopt;
  const char letter = rest[0];
  rest.remove_prefix(1);
  // Only capital letters are choices.
  const size_t place = text.find(static_cast<char>(letter - 'a' + 'A'));
  if (place == text.npos) return std::nullopt;
  if (rest.empty()) return bracket ? std::nullopt : std::optional(letter);
  if (rest[0] == ')') return letter;
  if (!bracket && (rest[0] == '.' || rest[0] == ':') && rest.size() > 1 && rest[1] == ' ') return letter;
  return std::nullopt;
}

}  // namespace hone::math
