#include "rewards/math/print.h"

#include <array>

namespace hone::math {
namespace {

constexpr auto kFunctionNames = std::to_array<std::string_view>(
    {"sqrt", "root", "abs",  "floor", "ceil", "factorial", "factorial2", "binomial",  "exp",   "ln",     "log10",
     "log",  "sin",  "cos",  "tan",   "cot",  "sec",       "csc",        "asin",      "acos",  "atan",   "acot",
     "asec", "acsc", "sinh", "cosh",  "tanh", "coth",      "sech",       "csch",      "asinh", "acosh",  "atanh",
     "gcd",  "lcm",  "min",  "max",   "mod",  "re",        "im",         "conjugate", "sign",  "degrees"});

enum Level { kLoose, kSum, kFactor, kAtom };

class Printer {
 public:
  explicit Printer(const Tree& tree) : tree_(tree) {}

  void node(NodeId id, Level level) {
    const Level own = level_of(id);
    if (own < level) out += '(';
    content(id);
    if (own < level) out += ')';
  }
  std::string out;

 private:
  Level level_of(NodeId id) const {
    switch (tree_[id].kind) {
      case Kind::kAdd:
      case Kind::kNegate:
      case Kind::kPlusMinus:
        return kSum;
      case Kind::kMultiply:
      case Kind::kDivide:
      case Kind::kQuantity:
        return kFactor;
      case Kind::kPower:
        return kFactor;
      case Kind::kList:
      case Kind::kRelation:
      case Kind::kRatio:
      case Kind::kUnion:
      case Kind::kIntersection:
      case Kind::kDifference:
        return kLoose;
      default:
        return kAtom;
    }
  }

  void joined(NodeId id, std::string_view separator, Level level) {
    bool first = true;
    for (NodeId child : tree_.children(id)) {
      if (!first) out += separator;
      first = false;
      node(child, level);
    }
  }

  void sum(NodeId id) {
    bool first = true;
    for (NodeId child : tree_.children(id)) {
      if (!first && tree_[child].kind != Kind::kNegate) out += '+';
      first = false;
      if (tree_[child].kind == Kind::kNegate)
        content(child);
      else
        node(child, kFactor);
    }
  }

  void relation(NodeId id) {
    const std::string_view operators = tree_.name(id);
    for (uint32_t i = 0; i < tree_[id].count; ++i) {
      if (i > 0) out += sign_of(operators[i - 1]);
      node(tree_.child(id, i), kSum);
    }
  }
  static std::string_view sign_of(char relation) {
    switch (relation) {
      case kEqual:
        return " = ";
      case kNotEqual:
        return " != ";
      case kLess:
        return " < ";
      case kLessEqual:
        return " <= ";
      case kGreater:
        return " > ";
      case kGreaterEqual:
        return " >= ";
      case kIn:
        return " in ";
      case kNotIn:
        return " not in ";
      case kApprox:
        return " ~ ";
      case kSubset:
        return " subset ";
      case kCongruent:
        return " == ";
      default:
        return " -> ";
    }
  }

  void list(NodeId id) {
    for (uint32_t i = 0; i < tree_[id].count; ++i) {
      if (i > 0) out += ", ";
      const NodeId child = tree_.child(id, i);
      node(child, tree_[child].kind == Kind::kList ? kSum : kLoose);
    }
  }

  void matrix(NodeId id) {
    const uint32_t columns = tree_[id].payload;
    out += tree_[id].tag == 1 ? "det[" : "[";
    for (uint32_t i = 0; i < tree_[id].count; ++i) {
      if (i > 0) out += i % columns == 0 ? "; " : ", ";
      node(tree_.child(id, i), kLoose);
    }
    out += ']';
  }

  void content(NodeId id) {
    const Node& n = tree_[id];
    switch (n.kind) {
      case Kind::kNumber:
        out += print_literal(tree_.literal(id));
        break;
      case Kind::kSymbol:
      case Kind::kText:
        out += tree_.name(id);
        break;
      case Kind::kConstant:
        out += std::to_array<std::string_view>({"pi", "e", "i", "oo"})[n.tag];
        break;
      case Kind::kAdd:
        sum(id);
        break;
      case Kind::kMultiply:
        joined(id, "*", kFactor);
        break;
      case Kind::kNegate:
        out += '-';
        node(tree_.child(id, 0), kFactor);
        break;
      case Kind::kDivide:
        node(tree_.child(id, 0), kFactor);
        out += '/';
        node(tree_.child(id, 1), kAtom);
        break;
      case Kind::kPower:
        node(tree_.child(id, 0), kAtom);
        out += '^';
        node(tree_.child(id, 1), kAtom);
        break;
      case Kind::kPlusMinus:
        out += n.tag == 0 ? "+-" : "-+";
        node(tree_.child(id, 0), kFactor);
        break;
      case Kind::kFunction:
        out += function_name(static_cast<Function>(n.tag));
        brackets(id, '(', ')');
        break;
      case Kind::kSum:
        out += "sum";
        brackets(id, '(', ')');
        break;
      case Kind::kProduct:
        out += "product";
        brackets(id, '(', ')');
        break;
      case Kind::kPercent:
        node(tree_.child(id, 0), kAtom);
        out += '%';
        break;
      case Kind::kQuantity:
        node(tree_.child(id, 0), kFactor);
        out += ' ';
        out += tree_.name(id);
        break;
      default:
        collection(id);
    }
  }

  void collection(NodeId id) {
    const Node& n = tree_[id];
    switch (n.kind) {
      case Kind::kTuple:
        brackets(id, n.tag & kOpenLow ? '(' : '[', n.tag & kOpenHigh ? ')' : ']');
        break;
      case Kind::kSet:
        brackets(id, '{', '}');
        break;
      case Kind::kList:
        list(id);
        break;
      case Kind::kUnion:
        joined(id, " U ", kSum);
        break;
      case Kind::kIntersection:
        joined(id, " & ", kSum);
        break;
      case Kind::kDifference:
        joined(id, " \\ ", kSum);
        break;
      case Kind::kNamedSet:
        out += n.tag == 'E' ? "{}" : std::string(1, static_cast<char>(n.tag));
        break;
      case Kind::kMatrix:
        matrix(id);
        break;
      case Kind::kRelation:
        relation(id);
        break;
      case Kind::kRatio:
        joined(id, ":", kSum);
        break;
      default:
        break;
    }
  }

  void brackets(NodeId id, char open, char close) {
    out += open;
    joined(id, ", ", kLoose);
    out += close;
  }

  const Tree& tree_;
};

}  // namespace

std::string_view function_name(Function f) { return kFunctionNames[static_cast<size_t>(f)]; }

std::string print_literal(const Literal& literal) {
  std::string text = literal.digits;
  const auto scale = static_cast<size_t>(literal.scale);
  if (scale > 0) {
    if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
    text.insert(text.size() - scale, ".");
  }
  if (literal.repeat > 0) {
    text.insert(text.size() - static_cast<size_t>(literal.repeat), "(");
    text += ')';
  }
  if (literal.exponent != 0) text += "e" + std::to_string(literal.exponent);
  if (literal.base != 10) text += "_" + std::to_string(literal.base);
  return text;
}

std::string print(const Tree& tree, NodeId id) {
  Printer printer(tree);
  printer.node(id, kLoose);
  return std::move(printer.out);
}

}  // namespace hone::math
