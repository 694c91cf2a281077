#include "rewards/prose.h"

#include <algorithm>

#include "rewards/tags.h"

namespace hone::rewards {
namespace {

constexpr const char* kParts[] = {"reasoning", "answer", "all"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Length of <name> or </name> at the start of the text; 0 if there is none. A name has at most 32 characters.
size_t tag_length(std::string_view text) {
  constexpr size_t kMaxName = 32;
  size_t at = text.size() > 1 && text[1] == '/' ? 2 : 1;
  const size_t begin = at;
  while (at < text.size() && at - begin < kMaxName && (is_letter(text[at]) || text[at] == '_' || text[at] == '-')) ++at;
  return at > begin && at < text.size() && text[at] == '>' ? at + 1 : 0;
}

size_t command_length(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && is_letter(text[at])) ++at;
  return at > 1 ? at : 0;
}

class ProseScanner {
 public:
  explicit ProseScanner(std::string_view text) : text_(text) {}

  std::vector<std::string_view> pieces() {
    size_t begin = 0, at = 0;
    while (at < text_.size()) {
      at = std::min(text_.find_first_of("$\\`<", at), text_.size());
      const size_t length = at < text_.size() ? skipped(at) : 0;
      if (length == 0) {
        at += at < text_.size();
        continue;
      }
      add(begin, at);
      begin = at += length;
    }
    add(begin, text_.size());
    return std::move(pieces_);
  }

 private:
  // A form of maths or code. An opening that has no end before `none_before` needs no second search.
  struct Form {
    std::string_view open, close;
    bool in_paragraph;
    size_t none_before = 0;
  };

  void add(size_t begin, size_t end) {
    if (begin < end) pieces_.push_back(text_.substr(begin, end - begin));
  }

  // Length of what stands at `at` and is no prose; 0 if it is prose.
  size_t skipped(size_t at) {
    const std::string_view rest = text_.substr(at);
    if (rest[0] == '<') return tag_length(rest);
    for (Form& form : forms_)
      if (rest.starts_with(form.open)) return form_length(form, at);
    return rest[0] == '\\' ? command_length(rest) : 0;
  }

  size_t form_length(Form& form, size_t at) {
    const size_t begin = at + form.open.size();
    if (begin < form.none_before) return 0;
    if (!form.in_paragraph) {
      const size_t end = text_.find(form.close, begin);
      if (end != text_.npos) return end + form.close.size() - at;
      form.none_before = text_.size() + form.open.size();
      return 0;
    }
    // Prices are no maths: no space may stand inside the dollars, and no digit behind them.
    const bool dollar = form.open == "$";
    if (dollar && (begin == text_.size() || is_space(text_[begin]))) return 0;
    size_t end = begin;
    for (; end < text_.size() && !(text_[end] == '\n' && text_.substr(end + 1).starts_with('\n')); ++end)
      if (text_.substr(end).starts_with(form.close) && (!dollar || ends_maths(begin, end)))
        return end + form.close.size() - at;
    form.none_before = end;
    return 0;
  }

  bool ends_maths(size_t begin, size_t end) const {
    const bool digit_follows = end + 1 < text_.size() && text_[end + 1] >= '0' && text_[end + 1] <= '9';
    return end > begin && !is_space(text_[end - 1]) && !digit_follows;
  }

  const std::string_view text_;
  std::vector<std::string_view> pieces_;
  // The longer of two with the same start stands first.
  Form forms_[6] = {{"$$", "$$", false},      {"$", "$", true},   {"\\(", "\\)", true},
                    {"\\[", "\\]", false},    {"```", "```", false}, {"`", "`", true}};
};

}  // namespace

std::vector<std::string_view> prose(std::string_view text) { return ProseScanner(text).pieces(); }

std::span<const char* const> enum_names(TextPart) { return kParts; }

std::optional<std::string_view> find_part(std::string_view completion, std::string_view prompt, TextPart part) {
  if (part == TextPart::kAll) return completion;
  const size_t open = completion.find(kThinkOpen), close = completion.rfind(kThinkClose);
  const bool closed = close != completion.npos;
  const bool opened = prompt_opens_think(prompt) || (closed && open > close);
  const bool reasoned = closed || opened || open != completion.npos;
  if (part == TextPart::kAnswer) {
    if (!reasoned) return completion;
    if (!closed) return std::nullopt;
    return completion.substr(close + kThinkClose.size());
  }
  if (!reasoned) return std::nullopt;
  const size_t begin = opened ? 0 : open + kThinkOpen.size();
  return completion.substr(begin, closed ? close - begin : completion.npos);
}

}  // namespace hone::rewards
