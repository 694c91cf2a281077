// Functions, roots, logarithms, finite sums and products.
#include "rewards/math/parser_state.h"

namespace hone::math {
namespace {

bool takes_list(Function f) {
  return f == Function::kBinomial || f == Function::kMod || f == Function::kGcd || f == Function::kLcm ||
         f == Function::kMin || f == Function::kMax;
}

Function inverse_of(Function f) {
  switch (f) {
    case Function::kSin:
      return Function::kAsin;
    case Function::kCos:
      return Function::kAcos;
    case Function::kTan:
      return Function::kAtan;
    case Function::kCot:
      return Function::kAcot;
    case Function::kSec:
      return Function::kAsec;
    case Function::kCsc:
      return Function::kAcsc;
    case Function::kSinh:
      return Function::kAsinh;
    case Function::kCosh:
      return Function::kAcosh;
    case Function::kTanh:
      return Function::kAtanh;
    default:
      return f;
  }
}

}  // namespace

NodeId Parser::call(Function f, const std::vector<NodeId>& arguments) {
  return make(Kind::kFunction, arguments, static_cast<uint8_t>(f));
}

NodeId Parser::function() {
  Function f = static_cast<Function>(token().code);
  ++at_;
  if (f == Function::kSqrt || f == Function::kRoot)
    return f == Function::kSqrt ? root() : call(f, {function_argument(), tree_.integer(3)});
  NodeId power = kNone, base = kNone;
  while (!failed() && (at(Tok::kCaret) || at(Tok::kUnderscore))) {
    if (accept(Tok::kCaret))
      power = exponent();
    else
      base = (++at_, logarithm_base());
  }
  if (failed()) return kNone;
  const bool minus_one = power != kNone && tree_[power].kind == Kind::kNegate &&
                         tree_.is_integer_literal(tree_.child(power, 0)) &&
                         tree_.literal(tree_.child(power, 0)).digits == "1";
  if (minus_one && inverse_of(f) != f) {
    f = inverse_of(f);
    power = kNone;
  }
  std::vector<NodeId> arguments;
  if (takes_list(f)) {
    if (!at(Tok::kOpen)) return fail("a function without brackets");
    ++at_;
    arguments = elements();
    if (!accept(Tok::kClose)) return fail("brackets that do not close");
  } else {
    arguments = {function_argument()};
    // log(x, b)
    const bool two = (f == Function::kLog || f == Function::kLn) && base == kNone && arguments[0] != kNone &&
                     tree_[arguments[0]].kind == Kind::kTuple && tree_[arguments[0]].count == 2;
    if (two) {
      const std::vector<NodeId> parts = tree_.copy_children(arguments[0]);
      arguments[0] = parts[0];
      base = parts[1];
      f = Function::kLog;
    }
  }
  if (f == Function::kLog && base == kNone)
    f = policy_.logarithm == Logarithm::kNatural ? Function::kLn : Function::kLog10;
  if (base != kNone) {
    if (f != Function::kLog) return fail("an index on a function");
    arguments.push_back(base);
  }
  const NodeId value = call(f, arguments);
  return power == kNone ? value : make(Kind::kPower, {value, power});
}

NodeId Parser::logarithm_base() {
  const Nested nested(*this);
  if (failed()) return kNone;
  return primary();
}

// What a function without brackets applies to: the product that follows, up to an operator or another function.
NodeId Parser::function_argument() {
  const Nested nested(*this);
  if (failed()) return kNone;
  if (at(Tok::kOpen) || at(Tok::kBar)) return primary();
  bool negative = false;
  while (at(Tok::kMinus) || at(Tok::kPlus)) negative ^= tokens_.list[at_++].kind == Tok::kMinus;
  NodeId value = postfix();
  while (!failed() && factor_starts() && !at(Tok::kFunction) && !at(Tok::kOpen) && !at(Tok::kBar) && !at(Tok::kSum) &&
         !unit_starts())
    value = make(Kind::kMultiply, {value, postfix()});
  if (at(Tok::kDivide) && token().code == '\0' && token(1).kind == Tok::kNumber) {  // sin pi/3
    ++at_;
    value = make(Kind::kDivide, {value, postfix()});
  }
  return negative ? make(Kind::kNegate, {value}) : value;
}

NodeId Parser::root() {
  NodeId degree = kNone;
  if (at(Tok::kOpen, '[')) {
    ++at_;
    degree = sum();
    if (!accept(Tok::kClose, '[')) return fail("the degree of a root does not end");
  }
  const Nested nested(*this);
  if (failed()) return kNone;
  const NodeId inside = primary();
  return degree == kNone ? call(Function::kSqrt, {inside}) : call(Function::kRoot, {inside, degree});
}

// \sum_{k=1}^{n} body
NodeId Parser::big_operator(Kind kind) {
  const Nested nested(*this);
  ++at_;
  NodeId low = kNone, high = kNone;
  std::string_view variable;
  while (!failed() && (at(Tok::kCaret) || at(Tok::kUnderscore))) {
    if (accept(Tok::kCaret)) {
      high = exponent();
      continue;
    }
    at_ += 1;
    const bool braces = accept(Tok::kOpen, '{');
    variable = token().text;
    if (!braces || (!at(Tok::kSymbol) && !at(Tok::kConstant)) || token(1).kind != Tok::kRelation ||
        token(1).code != kEqual)
      return fail("a sum whose index does not begin with a variable");
    at_ += 2;
    low = sum();
    if (!accept(Tok::kClose, '{')) return fail("a sum whose index does not end");
  }
  if (low == kNone || high == kNone) return fail("a sum without bounds");
  bound_.push_back(variable);
  const NodeId body = term();
  bound_.pop_back();
  return make(kind, {tree_.symbol(variable), low, high, body});
}

}  // namespace hone::math
