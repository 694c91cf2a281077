#include "rewards/math/extract.h"

#include <algorithm>
#include <array>
#include <optional>

#include "rewards/math/plain_text.h"

namespace hone::math {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Box {
  size_t begin, end;              // of the command with its group
  size_t inner_begin, inner_end;  // of the content
};

// Length of a box command with the spaces after it; 0 if there is none.
size_t box_command(std::string_view text) {
  for (std::string_view command : {"\\boxed", "\\fbox"}) {
    if (!text.starts_with(command)) continue;
    size_t length = command.size();
    if (length < text.size() && is_letter(text[length])) return 0;
    while (length < text.size() && is_space(text[length])) ++length;
    return length;
  }
  return 0;
}

// Boxes that close and stand in no other box, in order of their ends. One pass that counts braces and keeps those of
// open boxes.
std::vector<Box> find_boxes(std::string_view text) {
  struct Open {
    size_t depth;    // of braces around the box
    size_t command;  // where the box began
    size_t brace;
  };
  std::vector<Open> open;
  std::vector<Box> found;
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      const size_t length = box_command(text.substr(i));
      const size_t next = i + std::max<size_t>(length, 1);
      if (length > 0 && next < text.size() && text[next] == '{') {
        open.push_back({depth++, i, next});
        i = next;
        continue;
      }
      size_t end = next;
      while (length > 0 && end < text.size() && (is_digit(text[end]) || text[end] == '.' || text[end] == '/')) ++end;
      if (end > next) found.push_back({i, end, next, end});
      // A backslash escaped twice on its way through JSON may begin a box too.
      const bool doubled = length == 0 && box_command(text.substr(i + 1)) > 0;
      i = length > 0 ? next - 1 : doubled ? i : i + 1;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && depth > 0) {
      --depth;
      if (open.empty() || open.back().depth != depth) continue;
      const Open box = open.back();
      open.pop_back();
      while (!found.empty() && found.back().begin > box.command) found.pop_back();
      found.push_back({box.command, i + 1, box.brace + 1, i});
    }
  }
  return found;
}

bool contains_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != kNowhere; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_letter(text[at - 1]),
               ends = at + word.size() >= text.size() || !is_letter(text[at + word.size()]);
    if (starts && ends) return true;
  }
  return false;
}

// Whether two boxes with this text between them are parts of one answer.
bool joins(std::string_view between) {
  constexpr size_t kFar = 64, kManyCharacters = 16;
  if (between.size() > kFar) return false;
  size_t characters = 0;
  for (size_t i = 0; i < between.size(); ++i) {
    if (between[i] == '\\')  // a command prints nothing
      while (i + 1 < between.size() && is_letter(between[i + 1])) ++i;
    else
      characters += !is_space(between[i]) && between[i] != '{' && between[i] != '}' && between[i] != '$';
  }
  if (characters > kManyCharacters) return false;
  const bool separated =
      between.find_first_of(",;") != kNowhere || contains_word(between, "and") || contains_word(between, "or");
  return separated || std::none_of(between.begin(), between.end(), is_letter);
}

bool percent_at(std::string_view text) {
  while (!text.empty() && (is_space(text[0]) || text[0] == '$')) text.remove_prefix(1);
  if (text.starts_with("\\)")) text.remove_prefix(2);
  while (!text.empty() && is_space(text[0])) text.remove_prefix(1);
  return text.starts_with("%") || text.starts_with("\\%") || text.starts_with("percent") || text.starts_with("pct");
}

void take_boxes(std::string_view text, Found& found) {
  const std::vector<Box> boxes = find_boxes(text);
  if (boxes.empty()) return;
  const auto content = [&](const Box& box) { return text.substr(box.inner_begin, box.inner_end - box.inner_begin); };
  found.boxed = true;
  found.candidates = {content(boxes.back())};
  found.percent_follows = percent_at(text.substr(boxes.back().end));
  constexpr size_t kMostTogether = 32, kMostAll = 64;
  size_t first = boxes.size() - 1;
  while (first > 0 && boxes.size() - first < kMostTogether &&
         joins(text.substr(boxes[first - 1].end, boxes[first].begin - boxes[first - 1].end)))
    --first;
  if (first + 1 < boxes.size()) {
    const size_t end = boxes[boxes.size() - 2].end;
    found.hedged = contains_word(text.substr(end, boxes.back().begin - end), "or");
  }
  for (size_t i = first; i < boxes.size(); ++i) found.boxes.push_back(content(boxes[i]));
  for (size_t i = boxes.size() - std::min(boxes.size(), kMostAll); i < boxes.size(); ++i)
    found.all_boxes.push_back(content(boxes[i]));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The last place of a lower-case marker, whatever its case in the text.
size_t last_marker(std::string_view text, std::string_view marker) {
  for (size_t at = text.size() < marker.size() ? 0 : text.size() - marker.size() + 1; at-- > 0;) {
    if (lower(text[at]) != marker[0]) continue;
    const auto same = [](char a, char b) { return lower(a) == b; };
    if (std::equal(marker.begin(), marker.end(), text.begin() + static_cast<ptrdiff_t>(at),
                   [&](char b, char a) { return same(a, b); }))
      return at;
  }
  return kNowhere;
}

std::string_view line_at(std::string_view text, size_t begin) {
  while (begin < text.size() &&
         (is_space(text[begin]) || text[begin] == '*' || text[begin] == ':' || text.substr(begin).starts_with("：")))
    begin += text[begin] == ':' || is_space(text[begin]) || text[begin] == '*' ? 1 : 3;
  const std::string_view rest = text.substr(std::min(begin, text.size()));
  // A display formula may stand on lines of its own.
  if (rest.starts_with("\\[") || rest.starts_with("$$")) {
    const size_t close = rest.find(rest[0] == '$' ? "$$" : "\\]", 2);
    if (close != kNowhere) return rest.substr(0, close + 2);
  }
  return rest.substr(0, rest.find('\n'));
}

struct Formulas {
  std::optional<std::string_view> last;
  bool any = false;  // there are formulas, if only some that cannot be meant
};

// The last formula in $...$, $$...$$, \(...\) or \[...\]. Formulas inside a line must not go on in the next.
Formulas last_formula(std::string_view text) {
  Formulas found;
  size_t dollar = kNowhere, bracket = kNowhere;
  const auto take = [&](size_t begin, size_t end, bool display) {
    const std::string_view inside = text.substr(begin, end - begin);
    if (std::all_of(inside.begin(), inside.end(), is_space)) return false;
    found.any = true;
    if (display || inside.find('\n') == kNowhere) found.last = inside;
    return true;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      if (next == '(' || next == '[') bracket = i + 2;
      if ((next == ')' || next == ']') && bracket != kNowhere) {
        take(bracket, i, next == ']');
        bracket = kNowhere;
      }
      ++i;
    } else if (text[i] == '$') {
      const size_t end = i;
      const bool display = i + 1 < text.size() && text[i + 1] == '$';
      i += display;
      dollar = dollar != kNowhere && take(dollar, end, display) ? kNowhere : i + 1;
    }
  }
  return found;
}

// The last number that is not part of a word, with its sign and a percent sign.
std::optional<std::string_view> last_number(std::string_view text) {
  size_t end = text.size();
  while (true) {
    while (end > 0 && !is_digit(text[end - 1])) --end;
    if (end == 0) return std::nullopt;
    size_t begin = end;
    const auto inside = [&](size_t i) {
      const char c = text[i];
      return is_digit(c) || ((c == ',' || c == '.' || c == '/') && i + 1 < end && is_digit(text[i + 1]));
    };
    while (begin > 0 && inside(begin - 1)) --begin;
    while (begin < end && (text[begin] == ',' || text[begin] == '/')) ++begin;
    const bool glued = begin > 0 && (is_letter(text[begin - 1]) || text[begin - 1] == '_');
    std::string_view before = text.substr(0, begin);
    while (!before.empty() && is_space(before.back())) before.remove_suffix(1);
    // The second half of "41 or 42" is a guess, no answer.
    if (before.ends_with(" or")) return std::nullopt;
    if (!glued) {
      if (begin > 0 && text[begin - 1] == '-' &&
          (begin < 2 || !(is_digit(text[begin - 2]) || is_letter(text[begin - 2]))))
        --begin;
      size_t stop = end;
      if (percent_at(text.substr(end)) && text.substr(end).find('%') < 3) stop = end + text.substr(end).find('%') + 1;
      return text.substr(begin, stop - begin);
    }
    end = begin;
  }
}

// Where the text after the last "answer" begins; one that "is" or a colon follows goes before others.
size_t after_marker(std::string_view text) {
  constexpr std::string_view kWord = "answer", kChinese = "答案";
  size_t plain = kNowhere;
  for (size_t end = text.size(); end > 0;) {
    const size_t at = last_marker(text.substr(0, end), kWord);
    if (at == kNowhere) break;
    std::string_view rest = text.substr(at + kWord.size());
    while (!rest.empty() && (is_space(rest[0]) || rest[0] == '*')) rest.remove_prefix(1);
    const bool is = rest.starts_with("is") && rest.size() > 2 && !is_letter(rest[2]);
    const size_t begin = static_cast<size_t>(rest.data() - text.data());
    if (is || rest.starts_with(':') || rest.starts_with('=')) return begin + (is ? 2 : 1);
    if (plain == kNowhere) plain = begin;
    end = at;
  }
  const size_t chinese = text.rfind(kChinese);
  if (chinese == kNowhere) return plain;
  const std::string_view rest = text.substr(chinese + kChinese.size());
  return chinese + kChinese.size() + (rest.starts_with("是") ? 3 : 0);
}

void take_marked(std::string_view text, Found& found) {
  if (const size_t close = text.rfind("</answer>"); close != kNowhere) {
    const size_t open = text.substr(0, close).rfind("<answer>");
    if (open != kNowhere) found.candidates.push_back(text.substr(open + 8, close - open - 8));
  }
  if (const size_t at = text.rfind("####"); at != kNowhere) found.candidates.push_back(line_at(text, at + 4));
  if (const size_t at = after_marker(text); at != kNowhere) {
    const std::string_view rest = line_at(text, at);
    const std::string_view line = rest.substr(0, std::min(rest.find(". "), rest.size()));
    const auto take = [&](std::string_view candidate) {
      if (!is_sentence(trim_answer(candidate))) found.candidates.push_back(candidate);
    };
    take(line);
    if (const size_t is = line.rfind(" is "); is != kNowhere) take(line.substr(is + 4));
    if (const auto formula = last_formula(line).last) take(*formula);
    if (const auto number = last_number(line)) take(*number);
  }
}

}  // namespace

std::string_view trim_answer(std::string_view text) {
  const auto idle = [](char c) { return is_space(c) || c == '$' || c == '*'; };
  while (!text.empty() && idle(text.front())) text.remove_prefix(1);
  while (!text.empty() && (idle(text.back()) || text.back() == '.')) {
    if (text.size() > 1 && text[text.size() - 2] == '\\') break;
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string_view> find_gold(std::string_view gold) {
  Found found;
  take_marked(gold, found);
  if (const auto formula = last_formula(gold).last) found.candidates.push_back(*formula);
  return std::move(found.candidates);
}

Found find_answer(std::string_view completion, const Policy& policy) {
  std::string_view text = completion;
  if (policy.after_think) {
    constexpr std::string_view kThinkClose = "</think>";
    if (const size_t close = text.rfind(kThinkClose); close != kNowhere) text.remove_prefix(close + kThinkClose.size());
  }
  while (text.ends_with("|>")) {  // <|im_end|>
    const size_t open = text.rfind("<|");
    if (open == kNowhere) break;
    text = text.substr(0, open);
  }
  Found found;
  take_boxes(text, found);
  if (found.boxed) return found;
  if (text.find("\\boxed{") != kNowhere) {  // cut off inside its box
    found.reason = "the box does not close";
    return found;
  }
  found.reason = "there is no box";
  if (policy.extraction == Extraction::kBoxed) return found;
  take_marked(text, found);
  found.reason = "there is no box and no marked answer";
  if (policy.extraction == Extraction::kMarked) return found;
  constexpr size_t kShort = 512;
  const std::string_view whole = trim_answer(text);
  if (whole.size() <= kShort) {
    if (!whole.empty() && !is_sentence(whole)) found.candidates.push_back(whole);
    found.sentence = whole;
  }
  const Formulas formulas = last_formula(text);
  if (formulas.last) found.candidates.push_back(*formulas.last);
  if (!formulas.any)
    if (const auto number = last_number(text)) found.candidates.push_back(*number);
  found.reason = "there is no box, no marked answer, no formula and no number";
  return found;
}

}  // namespace hone::math
