// Primaries: what stands in brackets or alone.
#include <algorithm>
#include <utility>

#include "rewards/math/parser_state.h"
#include "rewards/math/print.h"

namespace hone::math {

NodeId Parser::primary() {
  const Token& t = token();
  switch (t.kind) {
    case Tok::kNumber:
      ++at_;
      return tree_.number(tokens_.literals[t.code]);
    case Tok::kSymbol:
      return symbol();
    case Tok::kConstant:
      ++at_;
      if (std::find(bound_.begin(), bound_.end(), t.text) != bound_.end()) return tree_.symbol(t.text);
      return tree_.constant(static_cast<Constant>(t.code));
    case Tok::kWord:
      return word();
    case Tok::kText:
      ++at_;
      if (t.text == "e") return tree_.constant(Constant::kE);
      return t.text.size() == 1 ? tree_.symbol(t.text) : make(Kind::kText, {}, 0, tree_.intern(t.text));
    case Tok::kNamedSet:
      ++at_;
      return make(Kind::kNamedSet, {}, static_cast<uint8_t>(t.code));
    case Tok::kFunction:
      return function();
    case Tok::kFraction:
      return fraction();
    case Tok::kBinomial: {
      ++at_;
      const NodeId n = argument();
      return call(Function::kBinomial, {n, argument()});
    }
    case Tok::kSum:
      return big_operator(Kind::kSum);
    case Tok::kProduct:
      return big_operator(Kind::kProduct);
    case Tok::kOverline: {
      ++at_;
      return opaque_call("overline", {argument()});
    }
    case Tok::kOpen:
      return t.code == '{' ? group() : t.code == 'B' ? set() : brackets();
    case Tok::kClose:
      return t.code == '[' ? reversed_interval() : fail("a bracket that was never opened");
    case Tok::kBar:
    case Tok::kNorm:
      return bars();
    case Tok::kBegin:
      return matrix();
    case Tok::kOpaque:
      return opaque();
    case Tok::kCurrency: {
      ++at_;
      const NodeId value = postfix();
      return make(Kind::kQuantity, {value}, 0, tree_.intern(t.text.starts_with('\\') ? "dollar" : t.text));
    }
    default:
      return fail("unexpected " + describe(t));
  }
}

NodeId Parser::symbol() {
  const Token& name = token();
  ++at_;
  static constexpr std::string_view kFunctionNames = "fghFGH";
  const bool applied =
      at(Tok::kOpen, '(') && name.text.size() == 1 && kFunctionNames.find(name.text[0]) != kFunctionNames.npos;
  if (!applied) return tree_.symbol(name.text);
  ++at_;
  const std::vector<NodeId> arguments = elements();
  if (!accept(Tok::kClose)) return fail("brackets that do not close");
  return opaque_call(name.text, arguments);
}

// Several letters: a function and its argument (sinx), or a product of letters.
NodeId Parser::word() {
  const Token whole = token();
  constexpr size_t kLongestProduct = 4;
  for (size_t length = std::min<size_t>(whole.text.size() - 1, 6); length >= 2; --length) {
    const Token known = find_word(whole.text.substr(0, length));
    if (known.kind != Tok::kFunction && known.kind != Tok::kConstant) continue;
    const std::string_view rest = whole.text.substr(length);
    tokens_.list[at_] = {known.kind, whole.spaced, known.code, known.text, whole.begin, whole.begin};
    const Token tail = rest.size() > 1 ? find_word(rest) : Token{Tok::kError};
    Token second{rest.size() > 1 ? Tok::kWord : Tok::kSymbol, false, 0, rest, whole.begin, whole.end};
    if (tail.kind != Tok::kError) second = {tail.kind, false, tail.code, tail.text, whole.begin, whole.end};
    tokens_.list.insert(tokens_.list.begin() + static_cast<ptrdiff_t>(at_) + 1, second);
    return primary();
  }
  ++at_;
  const bool ascii =
      std::all_of(whole.text.begin(), whole.text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (whole.text.size() > kLongestProduct || !ascii) return tree_.symbol(whole.text);
  std::vector<NodeId> letters;
  for (size_t i = 0; i < whole.text.size(); ++i) {
    const std::string_view letter = whole.text.substr(i, 1);
    const bool bound = std::find(bound_.begin(), bound_.end(), letter) != bound_.end();
    letters.push_back(letter == "e" && !bound   ? tree_.constant(Constant::kE)
                      : letter == "i" && !bound ? tree_.constant(Constant::kI)
                                                : tree_.symbol(letter));
  }
  // An index or exponent belongs to the last letter.
  if (at(Tok::kUnderscore) || at(Tok::kCaret)) {
    NodeId last = letters.back();
    if (accept(Tok::kUnderscore)) last = subscript(last);
    if (!failed() && accept(Tok::kCaret)) last = power_of(last);
    letters.back() = last;
  }
  return make(Kind::kMultiply, letters);
}

// |x|, or the norm of x.
NodeId Parser::bars() {
  const Nested nested(*this);
  const Tok kind = token().kind;
  ++at_;
  const int outside = std::exchange(bars_, 1);
  const NodeId inside = sum();
  bars_ = outside;
  if (!accept(kind)) return fail("a bar without its pair");
  if (kind == Tok::kNorm) return opaque_call("norm", {inside});
  return call(Function::kAbs, {inside});
}

std::vector<NodeId> Parser::elements(int bars) {
  const Nested nested(*this);
  const int outside = std::exchange(bars_, bars);
  std::vector<NodeId> list;
  if (!at(Tok::kClose)) {
    do list.push_back(relation());
    while (!failed() && (accept(Tok::kComma) || accept(Tok::kSemicolon) || accept(Tok::kAnd)));
  }
  bars_ = outside;
  return list;
}

NodeId Parser::brackets() {
  const char open = static_cast<char>(token().code);
  ++at_;
  const std::vector<NodeId> inside = elements();
  if (failed()) return kNone;
  if (!at(Tok::kClose) || token().code == '{' || token().code == 'B') return fail("brackets that do not close");
  const char close = static_cast<char>(token().code);
  ++at_;
  if (inside.empty()) return fail("empty brackets");
  if (open == 'f' || open == 'c') {
    if (inside.size() != 1 || close != open) return fail("brackets of two kinds");
    return call(open == 'f' ? Function::kFloor : Function::kCeil, inside);
  }
  if (inside.size() == 1 && open == close) return inside[0];
  if (inside.size() == 1) return fail("brackets of two kinds");
  const uint8_t tag = (open == '[' ? 0 : kOpenLow) | (close == '[' ? 0 : kOpenHigh);
  return make(Kind::kTuple, inside, tag);
}

// ]a, b[ is the open interval.
NodeId Parser::reversed_interval() {
  ++at_;
  const bool outside = std::exchange(bracket_ends_, true);
  const std::vector<NodeId> inside = elements();
  bracket_ends_ = outside;
  if (failed() || inside.size() != 2) return fail("a bracket that was never opened");
  if (accept(Tok::kOpen, '[')) return make(Kind::kTuple, inside, kRound);
  if (accept(Tok::kClose, '[')) return make(Kind::kTuple, inside, kOpenLow);
  return fail("brackets that do not close");
}

// A group of TeX. With commas inside it is a list, for TeX prints no braces.
NodeId Parser::group() {
  ++at_;
  if (accept(Tok::kClose, '{')) return primary();  // "{}" prints nothing
  const std::vector<NodeId> inside = elements();
  if (failed()) return kNone;
  if ((at(Tok::kDivide, 'o') || at(Tok::kDivide, 'b')) && inside.size() == 1) {
    const bool binomial = tokens_.list[at_++].code == 'b';
    const NodeId below = sum();
    if (!accept(Tok::kClose, '{')) return fail("a group that does not end");
    return binomial ? call(Function::kBinomial, {inside[0], below}) : make(Kind::kDivide, {inside[0], below});
  }
  if (!accept(Tok::kClose, '{')) return fail("a group that does not end");
  return inside.size() == 1 ? inside[0] : make(Kind::kList, inside);
}

NodeId Parser::set() {
  ++at_;
  const bool outside = std::exchange(colon_ends_, true);
  const std::vector<NodeId> inside = elements(1);
  colon_ends_ = outside;
  if (failed()) return kNone;
  if (inside.size() == 1 && (at(Tok::kBar) || at(Tok::kColon))) return set_builder(inside[0]);
  if (!accept(Tok::kClose, 'B')) return fail("a set that does not end");
  return make(Kind::kSet, inside);
}

// {x | x > 0}: the set of what fulfils the conditions.
NodeId Parser::set_builder(NodeId element) {
  ++at_;
  const std::vector<NodeId> conditions = elements();
  if (!accept(Tok::kClose, 'B')) return fail("a set that does not end");
  if (conditions.empty()) return fail("a set without a condition");
  (void)element;
  return conditions.size() == 1 ? conditions[0] : make(Kind::kIntersection, conditions);
}

NodeId Parser::fraction() {
  ++at_;
  const NodeId numerator = argument();
  return make(Kind::kDivide, {numerator, argument()});
}

// The argument of a command: a group, one digit, or one token.
NodeId Parser::argument() {
  const Nested nested(*this);
  if (failed()) return kNone;
  split_word();
  if (!at(Tok::kNumber)) return primary();
  Literal& literal = tokens_.literals[token().code];
  if (literal.digits.size() == 1 || literal.decimal || literal.grouped) return primary();
  const NodeId digit = tree_.number({.digits = literal.digits.substr(0, 1)});
  literal.digits.erase(0, 1);
  return digit;
}

NodeId Parser::matrix() {
  const Nested nested(*this);
  if (failed()) return kNone;
  const std::string_view name = token().text;
  ++at_;
  const int outside = std::exchange(bars_, 0);
  std::vector<NodeId> cells;
  size_t columns = 0, in_row = 0;
  while (!failed()) {
    if (at(Tok::kEnd_)) break;
    cells.push_back(relation());
    ++in_row;
    if (accept(Tok::kAmpersand)) continue;
    if (columns != 0 && in_row != columns) return fail("rows of different lengths");
    columns = in_row;
    in_row = 0;
    if (!accept(Tok::kRow)) break;
  }
  bars_ = outside;
  constexpr size_t kMaxCells = 256;
  if (failed() || cells.size() > kMaxCells) return fail("a matrix of more than 256 cells", true);
  if (!accept(Tok::kEnd_) || cells.empty()) return fail("a matrix that does not end");
  return make(Kind::kMatrix, cells, name == "vmatrix" ? 1 : 0, static_cast<uint32_t>(columns));
}

// An application of a function nobody defined: a symbol named by how it is written.
NodeId Parser::opaque_call(std::string_view name, const std::vector<NodeId>& arguments) {
  std::string written(name);
  for (NodeId argument : arguments) {
    if (argument == kNone) return kNone;
    written += (argument == arguments[0] ? "(" : ", ") + print(tree_, argument);
  }
  return tree_.symbol(written + ")");
}

// Known only by how it is written: integrals, limits, names of angles. Reaches to the end of its operand.
NodeId Parser::opaque() {
  std::string written;
  int depth = 0;
  while (!at(Tok::kEnd)) {
    const Tok kind = token().kind;
    if (depth == 0 && (kind == Tok::kRelation || kind == Tok::kComma || kind == Tok::kSemicolon ||
                       kind == Tok::kClose || kind == Tok::kAnd || kind == Tok::kOr))
      break;
    if (kind == Tok::kOpen) ++depth;
    if (kind == Tok::kClose) --depth;
    if (kind == Tok::kNumber)
      written += print_literal(tokens_.literals[token().code]);
    else
      written += token().text;
    written += ' ';
    ++at_;
  }
  return tree_.symbol(written);
}

}  // namespace hone::math
