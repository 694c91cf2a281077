// Lists, sets and tuples of elements.
#include <algorithm>

#include "rewards/math/compare.h"

namespace hone::math {

bool Comparer::in_order(std::span<const NodeId> gold, std::span<const NodeId> answer) {
  if (gold.size() != answer.size()) return false;
  for (size_t i = 0; i < gold.size(); ++i)
    if (!equal(gold[i], answer[i])) return false;
  return true;
}

// The same elements, however often and in whatever order.
bool Comparer::in_any_order(std::span<const NodeId> gold, std::span<const NodeId> answer) {
  std::vector<bool> found(gold.size());
  for (NodeId candidate : answer) {
    bool any = false;
    for (size_t i = 0; i < gold.size(); ++i) {
      if (found[i] && any) continue;
      const bool same = equal(gold[i], candidate);
      found[i] = found[i] || same;
      any |= same;
    }
    if (!any) return false;
  }
  return std::find(found.begin(), found.end(), false) == found.end();
}

// The elements of a list or set; those of a ± b are two.
std::vector<NodeId> Comparer::items(NodeId id) const {
  const Kind kind = tree_[id].kind;
  if (kind == Kind::kList || kind == Kind::kSet || kind == Kind::kTuple) return tree_.copy_children(id);
  return {id};
}

bool Comparer::lists(NodeId gold, NodeId answer) {
  std::vector<NodeId> sides[2];
  bool tuple = false;
  for (int i = 0; i < 2; ++i) {
    const NodeId side = i == 0 ? gold : answer;
    const NodeId inner = tree_[side].kind == Kind::kRelation ? unwrapped(side) : side;
    // (1, 2) is the list 1, 2; [1, 2] may be an interval.
    const bool plain = tree_[inner].kind == Kind::kTuple && (tree_[inner].tag == kRound || tree_[inner].count != 2);
    const bool opened = plain && tree_[i == 0 ? answer : gold].kind == Kind::kList;
    tuple |= opened;
    const std::vector<NodeId> parts =
        opened || tree_[inner].kind != Kind::kTuple ? items(inner) : std::vector<NodeId>{inner};
    for (NodeId part : parts) {
      const NodeId expanded = expand_signs(part);
      if (expanded == part || tree_[expanded].kind != Kind::kList)
        sides[i].push_back(part);
      else
        for (NodeId one : items(expanded)) sides[i].push_back(one);
    }
  }
  const auto inequalities = [&](NodeId id) {
    return tree_[id].kind == Kind::kList ? are_inequalities(id)
                                         : tree_[id].kind == Kind::kRelation && subject_of(id) != kNone;
  };
  if (inequalities(gold) || inequalities(answer)) {
    const auto subject = [&](NodeId id) { return subject_of(tree_[id].kind == Kind::kList ? tree_.child(id, 0) : id); };
    const bool both = inequalities(gold) && inequalities(answer);
    if (both && pieces(gold) && pieces(answer))
      return scalars_.same(subject(gold), subject(answer)) && sets(gold, answer);
    if ((is_set(gold) || is_set(answer)) && sets(gold, answer)) return true;
  }
  // A list against one tuple that is not its elements: a list of one.
  const bool one_tuple = tuple && tree_[gold].kind != tree_[answer].kind;
  if (one_tuple) return in_order(sides[0], sides[1]);
  const auto named = [&](const std::vector<NodeId>& list) {
    return std::all_of(list.begin(), list.end(), [&](NodeId id) { return tree_[id].kind == Kind::kRelation; });
  };
  // x = 1, y = 2 against 1, 2: the values of different names keep their order.
  const bool gold_named = named(sides[0]), answer_named = named(sides[1]);
  if (gold_named != answer_named) {
    const std::vector<NodeId>& with = sides[gold_named ? 0 : 1];
    bool one_name = true;
    for (NodeId id : with) one_name &= scalars_.same(tree_.child(id, 0), tree_.child(with[0], 0));
    if (!one_name) return in_order(sides[0], sides[1]);
  }
  // a, b; c, d against a, b and c, d.
  const auto flat = [&](const std::vector<NodeId>& list) {
    std::vector<NodeId> all;
    for (NodeId id : list)
      for (NodeId one : tree_[id].kind == Kind::kList ? items(id) : std::vector<NodeId>{id}) all.push_back(one);
    return all;
  };
  const std::vector<NodeId> x = flat(sides[0]), y = flat(sides[1]);
  if ((x.size() == sides[0].size()) != (y.size() == sides[1].size()) && x.size() == y.size() && in_order(x, y))
    return true;
  // n = 1, 2, 3: the name is said once.
  for (auto& side : sides) {
    const bool first_only =
        side.size() > 1 && tree_[side[0]].kind == Kind::kRelation &&
        std::none_of(side.begin() + 1, side.end(), [&](NodeId id) { return tree_[id].kind == Kind::kRelation; });
    if (first_only) side[0] = unwrapped(side[0]);
  }
  return in_any_order(sides[0], sides[1]);
}

// Tuples, sets, intervals.
bool Comparer::collections(NodeId gold, NodeId answer) {
  const Kind g = tree_[gold].kind, a = tree_[answer].kind;
  if (g == Kind::kTuple && a == Kind::kTuple) {
    const bool pair = tree_[gold].count == 2;  // perhaps an interval: the brackets count
    if (tree_[gold].count != tree_[answer].count || (pair && tree_[gold].tag != tree_[answer].tag)) return false;
    const std::vector<NodeId> x = tree_.copy_children(gold), y = tree_.copy_children(answer);
    return in_order(x, y) || (policy_.order == Order::kAny && in_any_order(x, y));
  }
  if (g == Kind::kSet && a == Kind::kSet) return in_any_order(tree_.copy_children(gold), tree_.copy_children(answer));
  if (sets(gold, answer)) return true;
  // A set of one against its element.
  if (g == Kind::kSet && tree_[gold].count == 1 && !is_set(answer)) return equal(tree_.child(gold, 0), answer);
  if (a == Kind::kSet && tree_[answer].count == 1 && !is_set(gold)) return equal(gold, tree_.child(answer, 0));
  if (g == Kind::kMatrix || a == Kind::kMatrix) return matrices(gold, answer);
  return false;
}

}  // namespace hone::math
