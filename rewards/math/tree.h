// Expressions of both sides of a comparison, in one arena: names and literals are interned once, so that the same
// symbol has the same number on both sides.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hone::math {

using NodeId = uint32_t;
inline constexpr NodeId kNone = UINT32_MAX;

enum class Kind : uint8_t {
  kNumber,        // payload: literal
  kSymbol,        // payload: name. What is known only by how it is written, as f(x) or an integral, is a symbol too
  kConstant,      // tag: Constant
  kAdd,           // terms
  kMultiply,      // factors
  kNegate,        // [x]
  kDivide,        // [numerator, denominator]
  kPower,         // [base, exponent]
  kPlusMinus,     // [x]; tag 1: the sign opposite to that of tag 0
  kFunction,      // tag: Function; arguments
  kSum,           // [variable, low, high, body]
  kProduct,       // the same
  kPercent,       // [x]
  kQuantity,      // [x]; payload: name of the unit
  kTuple,         // elements; tag: Brackets
  kSet,           // elements, no order
  kList,          // elements without brackets, no order; tag: Joined
  kUnion,         // sets
  kIntersection,  // sets
  kDifference,    // [set, set]
  kNamedSet,      // tag: the letter R, Z, N, Q or C; 'E' is the empty set
  kMatrix,        // elements by row; payload: number of columns; tag 1: a determinant
  kRelation,      // n operands; payload: name of n - 1 characters, see Relation
  kRatio,         // a : b : c
  kText,          // payload: name
};

enum class Constant : uint8_t { kPi, kE, kI, kInfinity };

enum class Function : uint8_t {
  kSqrt,
  kRoot,
  kAbs,
  kFloor,
  kCeil,
  kFactorial,
  kDoubleFactorial,
  kBinomial,
  kExp,
  kLn,
  kLog10,
  kLog,
  kSin,
  kCos,
  kTan,
  kCot,
  kSec,
  kCsc,
  kAsin,
  kAcos,
  kAtan,
  kAcot,
  kAsec,
  kAcsc,
  kSinh,
  kCosh,
  kTanh,
  kCoth,
  kSech,
  kCsch,
  kAsinh,
  kAcosh,
  kAtanh,
  kGcd,
  kLcm,
  kMin,
  kMax,
  kMod,
  kRe,
  kIm,
  kConjugate,
  kSign,
  kDegrees,
};

// Operators of a relation, as characters of its name.
enum Relation : char {
  kEqual = '=',
  kNotEqual = '!',
  kLess = '<',
  kLessEqual = '{',
  kGreater = '>',
  kGreaterEqual = '}',
  kIn = 'e',
  kApprox = '~',
  kNotIn = 'n',
  kSubset = 's',
  kCongruent = 'c',
  kImplies = 'd',
  kTo = 't'
};

// Brackets of a kTuple.
enum Brackets : uint8_t { kOpenLow = 1, kOpenHigh = 2, kRound = kOpenLow | kOpenHigh, kSquare = 0 };

// What stands between the elements of a kList: commas alone, an "or" somewhere, else an "and".
enum Joined : uint8_t { kByComma, kByOr, kByAnd };

// A decimal numeral. Value: digits * 10^-scale * 10^exponent in the base, with the last `repeat` digits repeated for
// ever. Digits have no leading zeros but one.
struct Literal {
  std::string digits;
  int32_t scale = 0;
  int32_t exponent = 0;
  int32_t repeat = 0;
  uint8_t base = 10;
  bool decimal = false;  // written with a point: what follows the last digit is not known
  bool grouped = false;  // written with separators of thousands
};

struct Node {
  Kind kind;
  uint8_t tag = 0;
  uint32_t payload = 0;
  uint32_t first = 0;
  uint32_t count = 0;
};

// Counts what a comparison may still cost. Everything that takes time spends steps; there is no clock.
class Budget {
 public:
  explicit Budget(int64_t steps) : left_(steps) {}
  // False once nothing is left, for good.
  bool spend(int64_t steps) {
    if (left_ >= 0) left_ -= steps;
    return left_ >= 0;
  }
  bool exhausted() const { return left_ < 0; }

 private:
  int64_t left_;
};

class Tree {
 public:
  NodeId add(Kind kind, std::span<const NodeId> children, uint8_t tag = 0, uint32_t payload = 0);
  NodeId add(Kind kind, std::initializer_list<NodeId> children, uint8_t tag = 0, uint32_t payload = 0) {
    return add(kind, std::span<const NodeId>(children.begin(), children.size()), tag, payload);
  }
  NodeId number(Literal literal);
  NodeId integer(int64_t value);
  NodeId symbol(std::string_view name) { return add(Kind::kSymbol, {}, 0, intern(name)); }
  NodeId constant(Constant c) { return add(Kind::kConstant, {}, static_cast<uint8_t>(c)); }
  NodeId function(Function f, std::initializer_list<NodeId> arguments) {
    return add(Kind::kFunction, arguments, static_cast<uint8_t>(f));
  }

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  std::span<const NodeId> children(NodeId id) const { return {children_.data() + nodes_[id].first, nodes_[id].count}; }
  // Children by value: stays valid while nodes are added.
  std::vector<NodeId> copy_children(NodeId id) const {
    const auto view = children(id);
    return {view.begin(), view.end()};
  }
  NodeId child(NodeId id, uint32_t i) const { return children_[nodes_[id].first + i]; }
  const Literal& literal(NodeId id) const { return literals_[nodes_[id].payload]; }
  std::string_view name(NodeId id) const { return names_[nodes_[id].payload]; }
  std::string_view name_at(uint32_t index) const { return names_[index]; }
  uint32_t intern(std::string_view name);
  uint32_t names() const { return static_cast<uint32_t>(names_.size()); }
  size_t size() const { return nodes_.size(); }

  bool is_function(NodeId id, Function f) const {
    return nodes_[id].kind == Kind::kFunction && nodes_[id].tag == static_cast<uint8_t>(f);
  }
  bool is_constant(NodeId id, Constant c) const {
    return nodes_[id].kind == Kind::kConstant && nodes_[id].tag == static_cast<uint8_t>(c);
  }
  // A literal without point, repeated digits or exponent.
  bool is_integer_literal(NodeId id) const;

 private:
  std::vector<Node> nodes_;
  std::vector<NodeId> children_;
  std::vector<Literal> literals_;
  std::vector<std::string> names_;
};

}  // namespace hone::math
