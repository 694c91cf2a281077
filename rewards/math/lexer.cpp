#include <algorithm>
#include <optional>

#include "rewards/math/numeral.h"
#include "rewards/math/token.h"
#include "rewards/math/units.h"

namespace hone::math {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class Lexer {
 public:
  Lexer(std::string_view text, const Policy& policy) : text_(text), policy_(policy) {}

  Tokens run() {
    decimal_comma_ = policy_.decimal_comma == DecimalComma::kAuto && std::count(text_.begin(), text_.end(), ',') == 1;
    while (at_ < text_.size() && out_.error.empty()) step();
    push(Tok::kEnd, 0, {}, at_);
    return std::move(out_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  std::string_view rest() const { return text_.substr(at_); }

  void fail(std::string reason, bool limit = false) {
    out_.error = std::move(reason);
    out_.limit = limit;
  }

  // A token of the text from `begin` to the current position.
  void push(Tok kind, uint32_t code, std::string_view text, size_t begin) {
    if (slashed_ && kind == Tok::kRelation) {
      if (code == kEqual) code = kNotEqual;
      if (code == kIn) code = kNotIn;
      slashed_ = false;
    }
    out_.list.push_back({kind, spaced_, code, text, static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)});
    spaced_ = false;
    if (out_.list.size() > kMaxTokens) fail("more than 2048 tokens", true);
  }
  void take(Tok kind, size_t length, uint32_t code = 0) {
    const size_t begin = at_;
    at_ += length;
    push(kind, code, text_.substr(begin, length), begin);
  }
  void skip(size_t length) {
    at_ += length;
    spaced_ = true;
  }

  void step() {
    const char c = peek();
    if (is_space(c) || c == '~') return skip(1);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_letter(c)) return letters();
    if (c == '\\') return command();
    punctuation(c);
  }

  void number() {
    const bool in_list = !brackets_.empty() && brackets_.back() != '{' && brackets_.back() != 't';
    const Numeral numeral =
        read_numeral(rest(), policy_, {.in_list_brackets = in_list, .decimal_comma = decimal_comma_ && !in_list});
    digits_ += numeral.literal.digits.size();
    if (numeral.literal.digits.size() > kMaxNumeralDigits) return fail("a numeral of more than 256 digits", true);
    if (digits_ > kMaxDigits) return fail("more than 2048 digits", true);
    out_.literals.push_back(numeral.literal);
    take(Tok::kNumber, numeral.length, static_cast<uint32_t>(out_.literals.size() - 1));
  }

  void letters() {
    size_t length = 1;
    while (is_letter(peek(length))) ++length;
    const std::string_view word = rest().substr(0, length);
    if (length == 1) return letter(word[0]);
    const Token known = find_word(word);
    if (known.kind == Tok::kError) return take(Tok::kWord, length);
    const size_t begin = at_;
    at_ += length;
    push(known.kind, known.code, known.text, begin);
  }

  void letter(char c) {
    if (c == 'e') return take(Tok::kConstant, 1, static_cast<uint32_t>(Constant::kE));
    if (c == 'i') return take(Tok::kConstant, 1, static_cast<uint32_t>(Constant::kI));
    take(Tok::kSymbol, 1);
  }

  void command() {
    const char next = peek(1);
    if (!is_letter(next) || static_cast<unsigned char>(next) >= 0x80) return control_symbol(next);
    size_t length = 1;
    while (is_letter(peek(1 + length)) && static_cast<unsigned char>(peek(1 + length)) < 0x80) ++length;
    std::string_view name = rest().substr(1, length);
    Token known = find_command(name);
    constexpr size_t kLongestCommand = 20;
    // "\quadx" and "\cdotx", which TeX would refuse, are read as they were meant.
    for (size_t shorter = std::min(length - 1, kLongestCommand); known.kind == Tok::kError && shorter >= 3; --shorter) {
      known = find_command(name.substr(0, shorter));
      if (known.kind != Tok::kError) name = name.substr(0, shorter);
    }
    const size_t begin = at_;
    at_ += 1 + name.size();
    known_command(known, name, begin);
  }

  void known_command(const Token& known, std::string_view name, size_t begin) {
    switch (known.kind) {
      case Tok::kError:
        return push(Tok::kSymbol, 0, text_.substr(begin, at_ - begin), begin);
      case Tok::kEnd:
        return size_or_space(name);
      case Tok::kBox:
        spaced_ = true;
        return;
      case Tok::kSlashed:
        slashed_ = true;
        return;
      case Tok::kText:
        return text_group(begin);
      case Tok::kFont:
        return font_group(known.code, begin);
      case Tok::kBegin:
      case Tok::kEnd_:
        return environment(known.kind, begin);
      case Tok::kOpen:
        brackets_.push_back(static_cast<char>(known.code));
        break;
      case Tok::kClose:
        if (!brackets_.empty()) brackets_.pop_back();
        break;
      default:
        break;
    }
    push(known.kind, known.code, known.text, begin);
  }

  // \left and \right tell which way a bar that follows is meant; "\left." prints nothing.
  void size_or_space(std::string_view name) {
    spaced_ = true;
    const bool left = name.ends_with("left") || name.ends_with("l"),
               right = name.ends_with("right") || name.ends_with("r");
    if (!left && !right) return;
    while (is_space(peek())) ++at_;
    if (peek() == '.')
      ++at_;
    else if (peek() == '|')
      take(Tok::kBar, 1, left ? 'l' : 'r');
    else if (peek() == '<')
      take(Tok::kOpen, 1, '<');
    else if (peek() == '>')
      take(Tok::kClose, 1, '<');
  }

  void control_symbol(char next) {
    switch (next) {
      case ',':
      case ';':
      case ':':
      case '!':
      case ' ':
      case '>':
      case '\n':
      case '\t':
      case '(':
      case ')':
      case '[':
      case ']':
      case '/':
      case '-':
        return skip(2);
      case '{':
        brackets_.push_back('B');
        return take(Tok::kOpen, 2, 'B');
      case '}':
        if (!brackets_.empty()) brackets_.pop_back();
        return take(Tok::kClose, 2, 'B');
      case '%':
        return take(Tok::kPercent, 2);
      case '$':
        return take(Tok::kCurrency, 2, 'U');
      case '|':
        return take(Tok::kNorm, 2);
      case '&':
      case '#':
        return skip(2);
      case '_':
        return take(Tok::kUnderscore, 2);
      case '\\':
        return double_backslash();
      case '\0':
        return skip(1);
      default:
        return fail("a backslash before nothing that is a command");
    }
  }

  // A row ends, or a command was escaped twice on its way through JSON.
  void double_backslash() {
    if (matrices_ == 0) {
      size_t length = 0;
      while (is_letter(peek(2 + length))) ++length;
      const bool is_command = length > 1 && find_command(rest().substr(2, length)).kind != Tok::kError;
      const char next = peek(2);
      if (is_command || next == '{' || next == '}' || next == '(' || next == ')' || next == '%' || next == '$')
        return skip(1);
    }
    take(Tok::kRow, 2);
    if (peek() == '[') {  // \\[4pt]
      const size_t close = rest().substr(0, 16).find(']');
      if (close != std::string_view::npos && rest().substr(0, close).ends_with("pt")) skip(close + 1);
    }
  }

  // The content of the group that starts here, with its end; nullopt (and nothing read) where there is none.
  std::optional<std::string_view> group() {
    size_t begin = at_;
    while (begin < text_.size() && is_space(text_[begin])) ++begin;
    if (begin >= text_.size() || text_[begin] != '{') return std::nullopt;
    int depth = 0;
    for (size_t i = begin; i < text_.size(); ++i) {
      if (text_[i] == '\\')
        ++i;
      else if (text_[i] == '{')
        ++depth;
      else if (text_[i] == '}' && --depth == 0) {
        at_ = i + 1;
        return text_.substr(begin + 1, i - begin - 1);
      }
    }
    return std::nullopt;
  }

  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (is_space(text.front()) || text.front() == '~')) text.remove_prefix(1);
    while (!text.empty() && (is_space(text.back()) || text.back() == '~' || text.back() == '.')) text.remove_suffix(1);
    return text;
  }

  // Words stay one token; what holds anything else is read like the rest of the answer.
  void text_group(size_t begin) {
    const size_t after_command = at_;
    const auto content = group();
    if (!content) return fail("\\text without a group");
    const std::string_view text = trimmed(*content);
    const bool words = std::all_of(text.begin(), text.end(), [](char c) {
      return is_letter(c) || is_space(c) || c == '-' || c == '.' || c == '\'';
    });
    spaced_ = true;
    if (!words && is_unit_expression(text)) return push(Tok::kText, 0, text, begin);
    if (!words) {
      at_ = text_.find('{', after_command) + 1;
      brackets_.push_back('t');  // its end prints nothing
      return;
    }
    if (text.empty()) return;
    const Token known = find_word(text);
    if (known.kind == Tok::kAnd || known.kind == Tok::kOr || known.kind == Tok::kPercent || known.kind == Tok::kDegree)
      return push(known.kind, 0, text, begin);
    push(Tok::kText, 0, text, begin);
  }

  void font_group(uint32_t code, size_t begin) {
    const size_t after_command = at_;
    if (code == 'b' && is_space(peek())) ++at_;
    if (code == 'b' && is_letter(peek())) {
      take(Tok::kNamedSet, 1, static_cast<unsigned char>(peek()));
      return;
    }
    const auto content = group();
    if (code == 'p' || code == 'c') return;  // prints nothing of its own
    const std::string_view text = content ? trimmed(*content) : std::string_view();
    const bool letters = !text.empty() && std::all_of(text.begin(), text.end(), is_letter);
    if (code == 'b' && text.size() == 1 && letters)
      return push(Tok::kNamedSet, static_cast<unsigned char>(text[0]), text, begin);
    if (code == 'o' && !letters && is_unit_expression(text)) return push(Tok::kText, 0, text, begin);
    if (letters && text.size() > 1) {
      const Token known = find_word(text);
      if (known.kind != Tok::kError) return push(known.kind, known.code, known.text, begin);
      return push(code == 'o' ? Tok::kText : code == 'v' ? Tok::kSymbol : Tok::kWord, 0, text, begin);
    }
    at_ = after_command;
  }

  void environment(Tok kind, size_t begin) {
    const auto name = group();
    if (!name) return fail("\\begin without a name");
    const bool matrix = name->ends_with("matrix") || *name == "array" || *name == "matrix*";
    if (!matrix) {
      spaced_ = true;
      return;
    }
    if (kind == Tok::kBegin) {
      ++matrices_;
      if (*name == "array") group();  // the columns' alignment
    } else if (matrices_ > 0) {
      --matrices_;
    }
    push(kind, 0, *name, begin);
  }

  void punctuation(char c) {
    static constexpr std::string_view kDouble[] = {"<=", ">=", "==", "!=", "**", "->", ":=", "=>", "=<"};
    for (std::string_view pair : kDouble)
      if (rest().starts_with(pair)) return pair_of(pair);
    switch (c) {
      case '+':
        return take(Tok::kPlus, 1);
      case '-':
        return take(Tok::kMinus, 1);
      case '*':
        return take(Tok::kTimes, 1);
      case '/':
        return take(Tok::kDivide, 1);
      case '^':
        return take(Tok::kCaret, 1);
      case '_':
        return take(Tok::kUnderscore, 1);
      case '!':
        return take(Tok::kBang, 1);
      case '\'':
        return take(Tok::kPrime, 1);
      case '%':
        return take(Tok::kPercent, 1);
      case '(':
      case '[':
      case '{':
        brackets_.push_back(c);
        return take(Tok::kOpen, 1, static_cast<uint32_t>(c));
      case ')':
        return close('(');
      case ']':
        return close('[');
      case '}':
        return close('{');
      case '|':
        return take(Tok::kBar, 1);
      case ',':
        return take(Tok::kComma, 1);
      case ';':
        return take(Tok::kSemicolon, 1);
      case ':':
        return take(Tok::kColon, 1);
      case '=':
        return take(Tok::kRelation, 1, kEqual);
      case '<':
        return take(Tok::kRelation, 1, kLess);
      case '>':
        return take(Tok::kRelation, 1, kGreater);
      case '&':
        return matrices_ > 0 ? take(Tok::kAmpersand, 1) : skip(1);
      case '$':
        return skip(1);
      case '.':
        return point();
      default:
        return fail(std::string("the character '") + (c >= ' ' && c < 127 ? std::string(1, c) : "?") + "'");
    }
  }

  void pair_of(std::string_view pair) {
    if (pair == "**") return take(Tok::kCaret, 2);
    if (pair == "<=" || pair == "=<") return take(Tok::kRelation, 2, kLessEqual);
    if (pair == ">=") return take(Tok::kRelation, 2, kGreaterEqual);
    if (pair == "!=") {
      // "3!=6": a factorial where a number stands before it without a space.
      const bool factorial = !out_.list.empty() && out_.list.back().kind == Tok::kNumber && !spaced_;
      return factorial ? take(Tok::kBang, 1) : take(Tok::kRelation, 2, kNotEqual);
    }
    if (pair == "->") return take(Tok::kRelation, 2, kTo);
    if (pair == "=>") return take(Tok::kRelation, 2, kImplies);
    take(Tok::kRelation, 2, kEqual);
  }

  void close(char opened) {
    if (opened == '{' && !brackets_.empty() && brackets_.back() == 't') {
      brackets_.pop_back();
      return skip(1);
    }
    if (!brackets_.empty()) brackets_.pop_back();
    take(Tok::kClose, 1, static_cast<uint32_t>(opened));
  }

  // The end of a sentence, or dots that leave something out.
  void point() {
    if (rest().starts_with("...")) return take(Tok::kDots, 3);
    const bool after_letter = at_ > 0 && is_letter(text_[at_ - 1]);
    if (is_letter(peek(1)) && !after_letter) return fail("a point before a letter");
    skip(1);
  }

  std::string_view text_;
  const Policy& policy_;
  Tokens out_;
  size_t at_ = 0;
  size_t digits_ = 0;
  int matrices_ = 0;
  bool spaced_ = false;
  bool slashed_ = false;
  bool decimal_comma_ = false;
  std::string brackets_;
};

}  // namespace

Tokens tokenize(std::string_view text, const Policy& policy) {
  Tokens refused;
  refused.limit = true;
  refused.error = "more than 4096 bytes";
  return text.size() > kMaxAnswerBytes ? refused : Lexer(text, policy).run();
}

}  // namespace hone::math
