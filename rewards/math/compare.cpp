#include "rewards/math/compare.h"

#include <algorithm>

#include "rewards/math/matrix.h"
#include "rewards/math/parser.h"
#include "rewards/math/print.h"
#include "rewards/math/units.h"

namespace hone::math {
namespace {

NodeId replaced(Tree& tree, NodeId id, NodeId symbol, NodeId value) {
  const Node n = tree[id];
  if (n.kind == Kind::kSymbol && n.payload == tree[symbol].payload) return value;
  std::vector<NodeId> children = tree.copy_children(id);
  for (NodeId& child : children) child = replaced(tree, child, symbol, value);
  return n.count == 0 ? id : tree.add(n.kind, children, n.tag, n.payload);
}

}  // namespace

bool Comparer::equal(NodeId gold, NodeId answer) {
  struct Nested {
    int& depth;
    ~Nested() { --depth; }
  } nested{++depth_};
  if (depth_ > kMaxDepth || !budget_.spend(2)) return false;
  gold = expand_signs(gold);
  answer = expand_signs(answer);
  const Kind g = tree_[gold].kind, a = tree_[answer].kind;
  if (g == Kind::kList || a == Kind::kList) return lists(gold, answer);
  if (g == Kind::kRelation || a == Kind::kRelation) return relations(gold, answer);
  if (is_set(gold) || is_set(answer)) return collections(gold, answer);
  if (g == Kind::kRatio || a == Kind::kRatio) return ratios(gold, answer);
  return values(gold, answer);
}

bool Comparer::values(NodeId gold, NodeId answer) {
  const Kind g = tree_[gold].kind, a = tree_[answer].kind;
  if (g == Kind::kText || a == Kind::kText) return print(tree_, gold) == print(tree_, answer);
  if (g == Kind::kQuantity || a == Kind::kQuantity) return quantities(gold, answer);
  if (has_matrix(tree_, gold) || has_matrix(tree_, answer)) return matrices(gold, answer);
  const bool one_percent = (g == Kind::kPercent) != (a == Kind::kPercent);
  if (one_percent && policy_.percent == Percent::kNumber) return percents(gold, answer);
  if (scalars_.equal(gold, answer)) return true;
  const NodeId i = tree_.symbol("I");
  if (scalars_.contains(gold, i) != scalars_.contains(answer, i)) {  // one side writes the imaginary unit as I
    const NodeId unit = tree_.constant(Constant::kI);
    if (scalars_.same(replaced(tree_, gold, i, unit), replaced(tree_, answer, i, unit))) return true;
  }
  if (one_percent) return policy_.percent == Percent::kEither && percents(gold, answer);
  const bool gold_degrees = tree_.is_function(gold, Function::kDegrees);
  const bool answer_degrees = tree_.is_function(answer, Function::kDegrees);
  if (policy_.degrees == Degrees::kStrip && gold_degrees != answer_degrees)
    return scalars_.equal(gold_degrees ? tree_.child(gold, 0) : gold, answer_degrees ? tree_.child(answer, 0) : answer);
  return false;
}

// A percent sign on one side alone, taken off.
bool Comparer::percents(NodeId gold, NodeId answer) {
  const auto number = [&](NodeId id) { return tree_[id].kind == Kind::kPercent ? tree_.child(id, 0) : id; };
  return scalars_.equal(number(gold), number(answer));
}

bool Comparer::quantities(NodeId gold, NodeId answer) {
  const bool gold_unit = tree_[gold].kind == Kind::kQuantity, answer_unit = tree_[answer].kind == Kind::kQuantity;
  const NodeId x = gold_unit ? tree_.child(gold, 0) : gold, y = answer_unit ? tree_.child(answer, 0) : answer;
  if (policy_.units == Units::kIgnore) return equal(x, y);
  if (gold_unit != answer_unit) {
    if (policy_.units == Units::kRequire) return false;
    // "3 m" may also be three times m.
    const NodeId with = gold_unit ? gold : answer, other = gold_unit ? y : x;
    const std::string name(tree_.name(with));
    if (name.size() == 1 && scalars_.has_symbols(other))
      return values(other, tree_.add(Kind::kMultiply, {tree_.child(with, 0), tree_.symbol(name)}));
    return equal(x, y);
  }
  if (tree_.name(gold) == tree_.name(answer)) return equal(x, y);
  const UnitScale from = unit_scale(tree_.name(answer)), to = unit_scale(tree_.name(gold));
  if (from.dimension.empty() || from.dimension != to.dimension) return false;
  const auto scaled = [&](NodeId value, const UnitScale& scale) {
    return tree_.add(Kind::kDivide, {tree_.add(Kind::kMultiply, {value, tree_.integer(scale.numerator)}),
                                     tree_.integer(scale.denominator)});
  };
  return scalars_.same(scaled(x, to), scaled(y, from));
}

bool Comparer::ratios(NodeId gold, NodeId answer) {
  const auto parts = [&](NodeId id) {
    return tree_[id].kind == Kind::kRatio ? tree_.copy_children(id) : std::vector<NodeId>{id};
  };
  const std::vector<NodeId> x = parts(gold), y = parts(answer);
  if (x.size() == y.size()) {
    if (in_order(x, y)) return true;
    for (size_t i = 1; i < x.size(); ++i) {
      const NodeId up = tree_.add(Kind::kMultiply, {x[i], y[0]}), down = tree_.add(Kind::kMultiply, {x[0], y[i]});
      if (scalars_.infinity(x[i]) != 0 || scalars_.same(x[0], tree_.integer(0)) || !scalars_.same(up, down))
        return false;
      if (scalars_.same(x[i], tree_.integer(0))) return false;  // 12:00 is a time
    }
    return true;
  }
  if (std::max(x.size(), y.size()) != 2) return false;
  const auto quotient = [&](const std::vector<NodeId>& list) {
    return list.size() == 2 ? tree_.add(Kind::kDivide, list) : list[0];
  };
  return values(quotient(x), quotient(y));
}

bool Comparer::matrices(NodeId gold, NodeId answer) {
  const NodeId x = evaluate_matrix(tree_, gold, budget_), y = evaluate_matrix(tree_, answer, budget_);
  if (x == kNone || y == kNone) return false;
  if (tree_[x].kind != Kind::kMatrix && tree_[y].kind != Kind::kMatrix) return scalars_.equal(x, y);
  if (tree_[x].kind != tree_[y].kind || tree_[x].payload != tree_[y].payload || tree_[x].count != tree_[y].count)
    return false;
  for (uint32_t i = 0; i < tree_[x].count; ++i)
    if (!equal(tree_.child(x, i), tree_.child(y, i))) return false;
  return true;
}

bool Comparer::has_sign(NodeId id) const {
  if (tree_[id].kind == Kind::kPlusMinus) return true;
  const auto children = tree_.children(id);
  return std::any_of(children.begin(), children.end(), [&](NodeId child) { return has_sign(child); });
}

// Every plus-minus with the upper or the lower sign.
NodeId Comparer::with_sign(NodeId id, bool plus) {
  if (!has_sign(id)) return id;
  const Node n = tree_[id];
  std::vector<NodeId> children = tree_.copy_children(id);
  for (NodeId& child : children) child = with_sign(child, plus);
  if (n.kind == Kind::kPlusMinus) return plus == (n.tag == 0) ? children[0] : tree_.add(Kind::kNegate, children);
  return tree_.add(n.kind, children, n.tag, n.payload);
}

// a ± b is the list of both values.
NodeId Comparer::expand_signs(NodeId id) {
  const Kind kind = tree_[id].kind;
  if (kind == Kind::kList || kind == Kind::kSet || !has_sign(id)) return id;
  const NodeId upper = with_sign(id, true);
  return tree_.add(Kind::kList, {upper, with_sign(id, false)});
}

}  // namespace hone::math
