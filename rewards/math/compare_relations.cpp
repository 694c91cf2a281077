// Equations, inequalities and what they say about a name.
#include <algorithm>

#include "base/philox.h"
#include "rewards/math/compare.h"

namespace hone::math {
namespace {

char flipped(char relation) {
  switch (relation) {
    case kLess:
      return kGreater;
    case kLessEqual:
      return kGreaterEqual;
    case kGreater:
      return kLess;
    case kGreaterEqual:
      return kLessEqual;
    default:
      return relation;
  }
}

bool is_inequality(char relation) { return flipped(relation) != relation; }

// The expression with numbers for symbols.
NodeId substitute(Tree& tree, NodeId id, const std::vector<NodeId>& values) {
  const Node n = tree[id];
  if (n.kind == Kind::kSymbol && n.payload < values.size() && values[n.payload] != kNone) return values[n.payload];
  if (n.count == 0) return id;
  std::vector<NodeId> children = tree.copy_children(id);
  for (NodeId& child : children) child = substitute(tree, child, values);
  return tree.add(n.kind, children, n.tag, n.payload);
}

void collect_symbols(const Tree& tree, NodeId id, std::vector<bool>& seen) {
  if (tree[id].kind == Kind::kSymbol) seen[tree[id].payload] = true;
  for (NodeId child : tree.children(id)) collect_symbols(tree, child, seen);
}

}  // namespace

// What an equation can define: symbols, and functions, quotients and tuples of them, but no sums and no numbers.
bool Comparer::is_name(NodeId id) const {
  switch (tree_[id].kind) {
    case Kind::kSymbol:
    case Kind::kConstant:
    case Kind::kText:
      return true;
    case Kind::kMultiply:
    case Kind::kDivide:
    case Kind::kPower:
    case Kind::kFunction:
    case Kind::kRatio:
    case Kind::kTuple: {
      const auto children = tree_.children(id);
      return std::all_of(children.begin(), children.end(), [&](NodeId child) { return is_name(child); });
    }
    default:
      return false;
  }
}

// The name a relation is about; kNone if there is none.
NodeId Comparer::subject_of(NodeId relation) const {
  for (NodeId operand : tree_.children(relation))
    if (is_name(operand)) return operand;
  return kNone;
}

// Of x = 5 + 6 = 11 the relation x = 11; approximations after an exact value, and what implies the rest, left out.
NodeId Comparer::shortened(NodeId relation) {
  std::string operators(tree_.name(relation));
  std::vector<NodeId> operands = tree_.copy_children(relation);
  if (const size_t implied = operators.rfind(kImplies); implied != operators.npos) {
    operands.erase(operands.begin(), operands.begin() + static_cast<ptrdiff_t>(implied) + 1);
    operators.erase(0, implied + 1);
  }
  if (operators.find(kEqual) != operators.npos)
    while (operators.back() == kApprox) {
      operators.pop_back();
      operands.pop_back();
    }
  const bool chain =
      operators.size() > 1 && operators.find_first_not_of(std::string{kEqual, kApprox}) == operators.npos;
  if (chain) {
    operands.erase(operands.begin() + 1, operands.end() - 1);
    operators.erase(1);
  }
  if (operands.size() == 1) return operands[0];
  return tree_.add(Kind::kRelation, operands, 0, tree_.intern(operators));
}

// What stands for an equation in x when only a value is asked for: the other side. Else the relation itself.
NodeId Comparer::unwrapped(NodeId relation) {
  if (policy_.assignment == Assignment::kStrict || tree_[relation].kind != Kind::kRelation) return relation;
  const NodeId brief = shortened(relation);
  if (tree_[brief].kind != Kind::kRelation) return brief;
  const std::string_view operators = tree_.name(brief);
  if (operators.size() != 1) return relation;
  const NodeId left = tree_.child(brief, 0), right = tree_.child(brief, 1);
  if (operators[0] == kIn) return right;
  if (operators[0] != kEqual && operators[0] != kApprox) return relation;
  if (is_name(left)) {
    const bool scalar = !is_set(left) && !is_set(right) && scalars_.has_symbols(left);
    return scalar && scalars_.same(left, right) ? relation : right;  // x = x says nothing
  }
  if (operators[0] == kApprox && !scalars_.has_symbols(left)) return left;
  if (is_name(right) && !scalars_.has_symbols(left)) return left;
  // A true sum that ends in its value.
  if (!scalars_.has_symbols(left) && !is_set(left) && !is_set(right) && values(left, right)) return right;
  return relation;
}

bool Comparer::relations(NodeId gold, NodeId answer) {
  const bool gold_relation = tree_[gold].kind == Kind::kRelation,
             answer_relation = tree_[answer].kind == Kind::kRelation;
  if (gold_relation && answer_relation) {
    if (equations(gold, answer)) return true;
    const NodeId x = subject_of(gold), y = subject_of(answer);
    return x != kNone && y != kNone && scalars_.same(x, y) && pieces(gold) && sets(gold, answer);
  }
  const NodeId relation = gold_relation ? gold : answer, other = gold_relation ? answer : gold;
  const NodeId value = unwrapped(relation);
  if (value != relation) return gold_relation ? equal(value, answer) : equal(gold, value);
  return is_set(other) && sets(gold, answer);
}

// Two relations: the same definition, the same operands, or sides that differ by a constant factor.
bool Comparer::equations(NodeId gold, NodeId answer) {
  const NodeId x = shortened(gold), y = shortened(answer);
  if (tree_[x].kind != Kind::kRelation || tree_[y].kind != Kind::kRelation) return equal(x, y);
  std::string left(tree_.name(x)), right(tree_.name(y));
  std::vector<NodeId> a = tree_.copy_children(x), b = tree_.copy_children(y);
  if (left == right && in_order(a, b)) return true;
  std::string turned(right.rbegin(), right.rend());
  std::transform(turned.begin(), turned.end(), turned.begin(), flipped);
  std::vector<NodeId> reversed(b.rbegin(), b.rend());
  if (left == turned && in_order(a, reversed)) return true;
  if (left.size() != 1 || right.size() != 1) return false;
  if (left == "=" && right == "=" && tree_[a[0]].kind == Kind::kTuple && tree_[b[0]].kind == Kind::kTuple &&
      is_name(a[0]) && is_name(b[0])) {
    std::vector<bool> names(tree_.names()), others(tree_.names());
    collect_symbols(tree_, a[0], names);
    collect_symbols(tree_, b[0], others);
    for (size_t i = 0; i < names.size(); ++i)
      if (names[i] && others[i]) return false;
    return equal(a[1], b[1]);  // the pair was given other names
  }
  const auto is_plain = [&](NodeId id) {
    return !is_set(id) && tree_[id].kind != Kind::kRatio && tree_[id].kind != Kind::kText;
  };
  for (NodeId id : {a[0], a[1], b[0], b[1]})
    if (!is_plain(id)) return false;
  const auto difference = [&](const std::vector<NodeId>& sides) {
    return tree_.add(Kind::kAdd, {sides[0], tree_.add(Kind::kNegate, {sides[1]})});
  };
  const NodeId f = difference(a);
  if (left[0] == right[0] && proportional(f, difference(b), is_inequality(left[0]))) return true;
  return is_inequality(left[0]) && left == turned && proportional(f, difference(reversed), true);
}

// f = c g for a constant c (above zero when `positive`): their quotient at some points is that at others.
bool Comparer::proportional(NodeId f, NodeId g, bool positive) {
  std::vector<bool> in_f(tree_.names()), in_g(tree_.names());
  collect_symbols(tree_, f, in_f);
  collect_symbols(tree_, g, in_g);
  if (in_f != in_g || std::find(in_f.begin(), in_f.end(), true) == in_f.end()) return false;
  PhiloxStream random(0x5EED, f);
  constexpr int kPoints = 6, kFewest = 3;
  std::vector<NodeId> at_f, at_g;
  for (int point = 0; point < kPoints; ++point) {
    std::vector<NodeId> values(in_f.size(), kNone);
    for (size_t i = 0; i < values.size(); ++i)
      if (in_f[i])
        values[i] = tree_.add(Kind::kDivide, {tree_.integer(1 + random.below(50)), tree_.integer(7 + random.below(7))});
    at_f.push_back(substitute(tree_, f, values));
    at_g.push_back(substitute(tree_, g, values));
  }
  const NodeId zero = tree_.integer(0);
  int first = -1, held = 0;
  for (int point = 0; point < kPoints; ++point) {
    const auto sign_f = scalars_.order(at_f[point], zero), sign_g = scalars_.order(at_g[point], zero);
    if (!sign_f || !sign_g) continue;  // undefined there
    if ((*sign_f == 0) != (*sign_g == 0) || (positive && *sign_f != *sign_g)) return false;
    if (*sign_f == 0) continue;
    if (first >= 0) {
      const NodeId cross = tree_.add(Kind::kMultiply, {at_f[first], at_g[point]});
      if (!scalars_.same(cross, tree_.add(Kind::kMultiply, {at_f[point], at_g[first]}))) return false;
    } else {
      first = point;
    }
    ++held;
  }
  return held >= kFewest;
}

}  // namespace hone::math
