#include <algorithm>

#include "rewards/math/parser_state.h"
#include "rewards/math/print.h"
#include "rewards/math/units.h"

namespace hone::math {

NodeId Parser::fail(std::string reason, bool limit) {
  if (error_.empty()) {
    error_ = std::move(reason);
    limit_ = limit;
  }
  at_ = tokens_.list.size() - 1;  // nothing more is read
  return kNone;
}

NodeId Parser::make(Kind kind, std::span<const NodeId> children, uint8_t tag, uint32_t payload) {
  if (std::find(children.begin(), children.end(), kNone) != children.end()) return kNone;
  if (tree_.size() - first_node_ >= kMaxNodes) return fail("more than 2048 parts", true);
  return tree_.add(kind, children, tag, payload);
}

std::string Parser::describe(const Token& token) const {
  if (token.kind == Tok::kEnd) return "the end";
  return "'" + std::string(token.text.substr(0, 32)) + "'";
}

Parsed Parser::run() {
  const NodeId root = list();
  if (!failed() && !at(Tok::kEnd)) fail("unexpected " + describe(token()));
  if (!failed() && root == kNone) fail("empty");
  return failed() ? Parsed{kNone, error_, limit_} : Parsed{root, "", false};
}

// Items between commas, "and", "or"; where semicolons and commas both separate, the semicolons are the outer ones.
NodeId Parser::list() {
  std::vector<NodeId> outer, inner;
  uint8_t joined = kByComma;
  const auto close_inner = [&] {
    if (!inner.empty()) outer.push_back(inner.size() == 1 ? inner[0] : make(Kind::kList, inner));
    inner.clear();
  };
  while (!failed()) {
    bool separated = false;
    for (;; ++at_) {
      if (at(Tok::kSemicolon) || at(Tok::kRow)) {
        close_inner();
      } else if (!at(Tok::kComma) && !at(Tok::kAnd) && !at(Tok::kOr)) {
        break;
      }
      if (at(Tok::kOr) || (at(Tok::kAnd) && joined == kByComma)) joined = at(Tok::kOr) ? kByOr : kByAnd;
      separated = true;
    }
    if (at(Tok::kEnd) || (!separated && !(outer.empty() && inner.empty()))) break;
    inner.push_back(relation());
  }
  if (failed()) return kNone;
  if (outer.empty())
    outer = std::move(inner);
  else
    close_inner();
  if (outer.empty()) return kNone;
  return outer.size() == 1 ? outer[0] : make(Kind::kList, outer, joined);
}

NodeId Parser::relation() {
  std::vector<NodeId> operands;
  std::string operators;
  if (at(Tok::kRelation, kEqual) || at(Tok::kRelation, kApprox)) ++at_;  // "= 5"
  operands.push_back(ratio());
  while (at(Tok::kRelation) && !failed()) {
    operators += static_cast<char>(token().code);
    ++at_;
    operands.push_back(ratio());
  }
  if (operands.size() == 1) return operands[0];
  return make(Kind::kRelation, operands, 0, tree_.intern(operators));
}

NodeId Parser::ratio() {
  const NodeId first = set_expression();
  if (!at(Tok::kColon) || colon_ends_) return first;
  std::vector<NodeId> parts = {first};
  while (accept(Tok::kColon)) parts.push_back(set_expression());
  return make(Kind::kRatio, parts);
}

NodeId Parser::set_expression() {
  NodeId left = with_unit(sum());
  while (accept(Tok::kMod, 0)) left = make(Kind::kFunction, {left, term()}, static_cast<uint8_t>(Function::kMod));
  if (accept(Tok::kMod, 'p')) {  // 3 \pmod{5}: a value of a kind of its own, like a unit
    const NodeId modulus = argument();
    if (!failed()) left = make(Kind::kQuantity, {left}, 0, tree_.intern("mod " + print(tree_, modulus)));
  }
  while (!failed()) {
    const Kind kind = at(Tok::kUnion) ? Kind::kUnion : at(Tok::kIntersection) ? Kind::kIntersection : Kind::kDifference;
    if (kind == Kind::kDifference && !at(Tok::kDifference)) break;
    ++at_;
    left = make(kind, {left, sum()});
  }
  return left;
}

NodeId Parser::sum() {
  std::vector<NodeId> terms;
  while (!failed()) {
    bool negative = false;
    int both = -1;
    while (at(Tok::kPlus) || at(Tok::kMinus) || at(Tok::kPlusMinus) || at(Tok::kMinusPlus)) {
      if (at(Tok::kMinus)) negative = !negative;
      if (at(Tok::kPlusMinus)) both = 0;
      if (at(Tok::kMinusPlus)) both = 1;
      ++at_;
    }
    NodeId value = term();
    if (negative) value = negated(value);
    if (both >= 0) value = make(Kind::kPlusMinus, {value}, static_cast<uint8_t>(both));
    terms.push_back(value);
    if (!at(Tok::kPlus) && !at(Tok::kMinus) && !at(Tok::kPlusMinus) && !at(Tok::kMinusPlus)) break;
  }
  if (failed()) return kNone;
  return terms.size() == 1 ? terms[0] : make(Kind::kAdd, terms);
}

// -\$5 is a quantity too.
NodeId Parser::negated(NodeId value) {
  if (value == kNone || tree_[value].kind != Kind::kQuantity) return make(Kind::kNegate, {value});
  const uint32_t unit = tree_[value].payload;
  return make(Kind::kQuantity, {make(Kind::kNegate, {tree_.child(value, 0)})}, 0, unit);
}

// Whether the token can begin a factor that follows another without a sign between them.
bool Parser::factor_starts() const {
  switch (token().kind) {
    case Tok::kSymbol:
    case Tok::kWord:
    case Tok::kConstant:
    case Tok::kFunction:
    case Tok::kFraction:
    case Tok::kBinomial:
    case Tok::kSum:
    case Tok::kProduct:
    case Tok::kOverline:
    case Tok::kBegin:
    case Tok::kOpaque:
      return true;
    case Tok::kOpen:
      return !(bracket_ends_ && token().code == '[');
    case Tok::kNumber:  // "2^6 3^5", but never "6 3"
      return at_ > 0 && (tokens_.list[at_ - 1].kind != Tok::kNumber ||
                         (at_ > 1 && token().spaced && tokens_.list[at_ - 2].kind == Tok::kCaret));
    case Tok::kBar:
      return token().code == 'l' || (bars_ == 0 && token().code == 0);
    default:
      return false;
  }
}

NodeId Parser::term() {
  NodeId left = factor();
  if (!failed() && policy_.mixed_numbers == MixedNumbers::kProper && tree_.is_integer_literal(left))
    left = mixed_number(left);
  while (!failed()) {
    if (accept(Tok::kTimes)) {
      left = make(Kind::kMultiply, {left, factor()});
    } else if (at(Tok::kDivide) && token().code != 'o' && token().code != 'b') {
      ++at_;
      left = make(Kind::kDivide, {left, factor()});
    } else if (factor_starts() && !unit_starts()) {
      left = make(Kind::kMultiply, {left, factor()});
    } else {
      break;
    }
  }
  return left;
}

// A factor may carry a sign of its own after an operator: 2 \cdot -3.
NodeId Parser::factor() {
  bool negative = false;
  while (at(Tok::kMinus) || at(Tok::kPlus)) {
    negative ^= at(Tok::kMinus);
    ++at_;
  }
  const NodeId value = postfix();
  return negative ? make(Kind::kNegate, {value}) : value;
}

// 2\frac{1}{3}, or 2 1/3 with a space between.
NodeId Parser::mixed_number(NodeId whole) {
  const size_t start = at_;
  if (at_ == 0 || tokens_.list[at_ - 1].kind != Tok::kNumber) return whole;
  NodeId numerator = kNone, denominator = kNone;
  if (at(Tok::kFraction)) {
    const NodeId part = fraction();
    if (failed()) return kNone;
    numerator = tree_.child(part, 0);
    denominator = tree_.child(part, 1);
  } else if (at(Tok::kNumber) && token().spaced && token(1).kind == Tok::kDivide && token(2).kind == Tok::kNumber) {
    numerator = tree_.number(tokens_.literals[token().code]);
    denominator = tree_.number(tokens_.literals[token(2).code]);
    at_ += 3;
  } else {
    return whole;
  }
  const auto less = [&](NodeId a, NodeId b) {
    const std::string& x = tree_.literal(a).digits;
    const std::string& y = tree_.literal(b).digits;
    return x.size() != y.size() ? x.size() < y.size() : x < y;
  };
  const bool proper =
      tree_.is_integer_literal(numerator) && tree_.is_integer_literal(denominator) && less(numerator, denominator);
  if (proper) return make(Kind::kAdd, {whole, make(Kind::kDivide, {numerator, denominator})});
  at_ = start;
  return at(Tok::kNumber) ? fail("two numbers side by side") : whole;
}

// A word after a number: whether it names a unit.
bool Parser::unit_starts() const {
  const Token& next = token();
  if (at_ == 0) return false;
  const Tok before = tokens_.list[at_ - 1].kind;
  if (next.kind == Tok::kWord) {
    // A word of small letters after a number says what is counted.
    constexpr size_t kShortestWord = 4;
    const bool counted = before == Tok::kNumber && next.spaced && next.text.size() >= kShortestWord &&
                         std::all_of(next.text.begin(), next.text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return counted || (is_unit_word(next.text) && (before == Tok::kNumber || before == Tok::kClose || next.spaced));
  }
  if (next.kind != Tok::kSymbol || !next.spaced || before != Tok::kNumber || !is_unit_letter(next.text)) return false;
  const Tok after = token(1).kind;
  return after == Tok::kEnd || after == Tok::kDivide ||
         (after == Tok::kCaret && token(2).kind == Tok::kNumber && token(3).kind == Tok::kEnd);
}

// What may stand between a value and the end of its item, read as the name of its unit.
NodeId Parser::with_unit(NodeId value) {
  if (failed() || (!at(Tok::kText) && !at(Tok::kWord) && !at(Tok::kCurrency) && !at(Tok::kOpaque) && !unit_starts()))
    return value;
  std::string name;
  for (bool more = true; more && !failed();) {
    const Token& t = token();
    switch (t.kind) {
      case Tok::kText:
      case Tok::kWord:
      case Tok::kSymbol:
      case Tok::kConstant:
        if (!name.empty() && (t.spaced || t.kind == Tok::kText)) name += ' ';
        name += t.text;
        break;
      case Tok::kCurrency:
        name += "\\" + std::string(t.text);
        break;
      case Tok::kDivide:
        name += '/';
        break;
      case Tok::kTimes:
        name += '*';
        break;
      case Tok::kCaret:
        name += '^';
        break;
      case Tok::kMinus:
        if (!name.ends_with('^')) return fail("unexpected " + describe(t));
        name += '-';
        break;
      case Tok::kNumber:
        if (!name.ends_with('^') && !name.ends_with('-')) return fail("a number after a unit");
        name += tokens_.literals[t.code].digits;
        break;
      case Tok::kOpen:
      case Tok::kClose:
        if (t.code != '{' || name.empty()) more = false;
        break;
      default:
        more = false;
    }
    if (more) ++at_;
  }
  return make(Kind::kQuantity, {value}, 0, tree_.intern(unit_name(name)));
}

Parsed parse(Tree& tree, Tokens tokens, const Policy& policy) {
  if (!tokens.error.empty()) return {kNone, tokens.error, tokens.limit};
  return Parser(tree, std::move(tokens), policy).run();
}

Parsed parse(Tree& tree, std::string_view text, const Policy& policy) {
  return parse(tree, tokenize(text, policy), policy);
}

}  // namespace hone::math
