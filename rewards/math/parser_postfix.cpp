// What may follow a primary: exponents, indices, factorials, percent and degree signs.
#include <charconv>

#include "rewards/math/parser_state.h"
#include "rewards/math/print.h"

namespace hone::math {

NodeId Parser::postfix() {
  NodeId base = primary();
  while (!failed()) {
    if (at(Tok::kCaret)) {
      ++at_;
      base = power_of(base);
    } else if (accept(Tok::kUnderscore)) {
      base = subscript(base);
    } else if (accept(Tok::kBang)) {
      base = make(Kind::kFunction, {base},
                  static_cast<uint8_t>(accept(Tok::kBang) ? Function::kDoubleFactorial : Function::kFactorial));
    } else if (accept(Tok::kPercent)) {
      base = make(Kind::kPercent, {base});
    } else if (accept(Tok::kDegree)) {
      base = make(Kind::kFunction, {base}, static_cast<uint8_t>(Function::kDegrees));
    } else if (at(Tok::kPrime)) {
      std::string name;
      while (accept(Tok::kPrime)) name += '\'';
      if (failed() || base == kNone) return kNone;
      base = tree_[base].kind == Kind::kSymbol
                 ? tree_.symbol(std::string(tree_.name(base)) + name)
                 : make(Kind::kQuantity, {base}, 0, tree_.intern(name));  // minutes of arc
    } else {
      break;
    }
  }
  return base;
}

// After a caret. A degree sign and primes are written as exponents too.
NodeId Parser::power_of(NodeId base) {
  const bool braces = at(Tok::kOpen, '{');
  const Token& mark = token(braces ? 1 : 0);
  const bool alone = !braces || (token(2).kind == Tok::kClose && token(2).code == '{');
  if (mark.kind == Tok::kDegree && alone) {
    at_ += braces ? 3 : 1;
    const bool scale = (at(Tok::kSymbol) && (token().text == "C" || token().text == "F")) ||
                       (at(Tok::kText) && (token().text == "C" || token().text == "F"));
    if (scale) return make(Kind::kQuantity, {base}, 0, tree_.intern(tokens_.list[at_++].text == "C" ? "degC" : "degF"));
    return make(Kind::kFunction, {base}, static_cast<uint8_t>(Function::kDegrees));
  }
  if (mark.kind == Tok::kPrime && base != kNone) {
    std::string primes;
    at_ += braces;
    while (accept(Tok::kPrime)) primes += '\'';
    if (braces && !accept(Tok::kClose, '{')) return fail("an exponent that does not end");
    if (tree_[base].kind != Kind::kSymbol) return make(Kind::kQuantity, {base}, 0, tree_.intern(primes));
    return tree_.symbol(std::string(tree_.name(base)) + primes);
  }
  return make(Kind::kPower, {base, exponent()});
}

// TeX takes one letter where no braces stand: e^xe^y is e^x e^y.
void Parser::split_word() {
  if (!at(Tok::kWord) || static_cast<unsigned char>(token().text[0]) >= 0x80) return;
  const Token whole = token();
  const auto letter = [&](std::string_view text) -> Token {
    if (text.size() > 1) return {Tok::kWord, false, 0, text, whole.begin, whole.end};
    if (text == "e") return {Tok::kConstant, false, static_cast<uint32_t>(Constant::kE), text, whole.begin, whole.end};
    if (text == "i") return {Tok::kConstant, false, static_cast<uint32_t>(Constant::kI), text, whole.begin, whole.end};
    return {Tok::kSymbol, false, 0, text, whole.begin, whole.end};
  };
  tokens_.list[at_] = letter(whole.text.substr(0, 1));
  tokens_.list.insert(tokens_.list.begin() + static_cast<ptrdiff_t>(at_) + 1, letter(whole.text.substr(1)));
}

// a^b^c is a^(b^c).
NodeId Parser::exponent() {
  const Nested nested(*this);
  if (failed()) return kNone;
  bool negative = false;
  while (at(Tok::kMinus) || at(Tok::kPlus)) {
    negative ^= at(Tok::kMinus);
    ++at_;
  }
  split_word();
  NodeId value = primary();
  if (!failed() && accept(Tok::kCaret)) value = power_of(value);
  return negative ? make(Kind::kNegate, {value}) : value;
}

// The written index, without braces and spaces.
std::string Parser::subscript_text() {
  const auto written = [&](const Token& t) {
    return t.kind == Tok::kNumber ? tokens_.literals[t.code].digits : std::string(t.text);
  };
  if (!at(Tok::kOpen, '{')) {
    if (at(Tok::kEnd)) return {};
    return written(tokens_.list[at_++]);
  }
  std::string text;
  int depth = 0;
  do {
    if (at(Tok::kEnd)) return {};
    if (at(Tok::kOpen, '{'))
      ++depth;
    else if (at(Tok::kClose, '{'))
      --depth;
    else
      text += written(token());
    ++at_;
  } while (depth > 0);
  return text;
}

NodeId Parser::subscript(NodeId base) {
  const std::string index = subscript_text();
  if (index.empty()) return fail("an index without an end");
  if (failed() || base == kNone) return kNone;
  switch (tree_[base].kind) {
    case Kind::kNumber:
      return number_in_base(base, index);
    case Kind::kSymbol:
      return tree_.symbol(std::string(tree_.name(base)) + "_" + index);
    case Kind::kConstant:
      return tree_.symbol((tree_[base].tag == static_cast<uint8_t>(Constant::kE) ? "e_" : "i_") + index);
    case Kind::kPower: {  // x^2_i
      const NodeId below = tree_.child(base, 0), exponent = tree_.child(base, 1);
      if (tree_[below].kind != Kind::kSymbol) return fail("an index on what has none");
      return make(Kind::kPower, {tree_.symbol(std::string(tree_.name(below)) + "_" + index), exponent});
    }
    case Kind::kMultiply:
      return tree_.symbol(print(tree_, base) + "_" + index);
    default:
      return fail("an index on what has none");
  }
}

// 101_2. The digits are those of the base, at most 36; letters are read where the numeral was split from them.
NodeId Parser::number_in_base(NodeId number, std::string_view written) {
  uint32_t base = 0;
  if (written == "two")
    base = 2;
  else if (written == "ten")
    base = 10;
  else if (const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), base);
           error != std::errc() || end != written.data() + written.size())
    base = 0;
  Literal literal = tree_.literal(number);
  if (base < 2 || base > 36 || literal.repeat != 0 || literal.exponent != 0)
    return fail("an index on a number that is no base");
  literal.decimal = false;
  for (char digit : literal.digits)
    if (static_cast<uint32_t>(digit - '0') >= base) return fail("a digit beyond its base");
  literal.base = static_cast<uint8_t>(base);
  return tree_.number(std::move(literal));
}

}  // namespace hone::math
