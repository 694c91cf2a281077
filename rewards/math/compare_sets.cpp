// Sets of real numbers as sorted pieces: intervals, points, and what inequalities leave.
#include <algorithm>

#include "rewards/math/compare.h"

namespace hone::math {

bool Comparer::is_set(NodeId id) const {
  switch (tree_[id].kind) {
    case Kind::kTuple:
    case Kind::kSet:
    case Kind::kUnion:
    case Kind::kIntersection:
    case Kind::kDifference:
    case Kind::kNamedSet:
      return true;
    default:
      return false;
  }
}

bool Comparer::sets(NodeId gold, NodeId answer) {
  const Kind g = tree_[gold].kind, a = tree_[answer].kind;
  if (g == Kind::kNamedSet && a == Kind::kNamedSet && tree_[gold].tag == tree_[answer].tag) return true;
  const auto x = pieces(gold), y = pieces(answer);
  if (x && y) return same_pieces(*x, *y);
  // Pieces that cannot be ordered, as (a, b) U (b, c), are compared as they are written.
  if (g != a || (g != Kind::kUnion && g != Kind::kIntersection && g != Kind::kDifference)) return false;
  const std::vector<NodeId> p = tree_.copy_children(gold), q = tree_.copy_children(answer);
  return g == Kind::kDifference ? in_order(p, q) : in_any_order(p, q);
}

std::optional<Comparer::Pieces> Comparer::pieces(NodeId id) {
  const auto children = tree_.copy_children(id);
  const auto all = [&]() -> std::optional<Pieces> {
    Pieces together;
    for (NodeId child : children) {
      const auto part = pieces(child);
      if (!part) return std::nullopt;
      together.insert(together.end(), part->begin(), part->end());
    }
    return united(std::move(together));
  };
  switch (tree_[id].kind) {
    case Kind::kTuple:
      if (children.size() != 2) return std::nullopt;
      return united({{children[0], children[1], !(tree_[id].tag & kOpenLow), !(tree_[id].tag & kOpenHigh)}});
    case Kind::kList:
      // A list of numbers is a set of TeX braces.
      if (are_inequalities(id)) return pieces_of_inequalities(children, tree_[id].tag);
      [[fallthrough]];
    case Kind::kSet: {
      Pieces points;
      for (NodeId child : children) {
        if (is_set(child) || tree_[child].kind == Kind::kRelation || tree_[child].kind == Kind::kText)
          return std::nullopt;
        points.push_back({child, child, true, true});
      }
      return united(std::move(points));
    }
    case Kind::kNamedSet:
      if (tree_[id].tag == 'E') return Pieces{};
      if (tree_[id].tag != 'R') return std::nullopt;
      return complement({});
    case Kind::kUnion:
      return all();
    case Kind::kIntersection:
      return intersected(children, false);
    case Kind::kDifference:
      return intersected(children, true);
    case Kind::kRelation:
      return pieces_of_relation(id);
    case Kind::kText:
    case Kind::kQuantity:
    case Kind::kRatio:
    case Kind::kMatrix:
      return std::nullopt;
    default:
      return Pieces{{id, id, true, true}};
  }
}

// The complement of what is outside of one of the sets; with `first_only` of what is outside of the first or in
// another.
std::optional<Comparer::Pieces> Comparer::intersected(const std::vector<NodeId>& sets, bool first_only) {
  Pieces outside;
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto part = pieces(sets[i]);
    const auto rest = !part || (first_only && i > 0) ? part : complement(*part);
    if (!rest) return std::nullopt;
    outside.insert(outside.end(), rest->begin(), rest->end());
  }
  const auto joined = united(std::move(outside));
  return joined ? complement(*joined) : std::nullopt;
}

// Inequalities about one name.
bool Comparer::are_inequalities(NodeId list) {
  NodeId name = kNone;
  for (NodeId one : tree_.copy_children(list)) {
    if (tree_[one].kind != Kind::kRelation || tree_.name(one).find(kEqual) != std::string_view::npos) return false;
    const NodeId subject = subject_of(one);
    if (subject == kNone || (name != kNone && !scalars_.same(name, subject))) return false;
    name = subject;
  }
  return name != kNone;
}

// "or" unites, "and" intersects; commas do what leaves something.
std::optional<Comparer::Pieces> Comparer::pieces_of_inequalities(const std::vector<NodeId>& list, uint8_t joined) {
  if (joined != kByOr) {
    const auto common = intersected(list, false);
    if (!common || !common->empty() || joined == kByAnd) return common;
  }
  Pieces together;
  for (NodeId one : list) {
    const auto part = pieces(one);
    if (!part) return std::nullopt;
    together.insert(together.end(), part->begin(), part->end());
  }
  return united(std::move(together));
}

// x > 1, 1 < x <= 2, x != 3, x in S.
std::optional<Comparer::Pieces> Comparer::pieces_of_relation(NodeId id) {
  const std::vector<NodeId> operands = tree_.copy_children(id);
  const std::string operators(tree_.name(id));
  size_t name = 0;
  while (name < operands.size() && !is_name(operands[name])) ++name;
  if (name == operands.size() || operands.size() > 3 || (operands.size() == 3 && name != 1)) return std::nullopt;
  const NodeId far = tree_.constant(Constant::kInfinity);
  Piece piece{tree_.add(Kind::kNegate, {far}), far, false, false};
  for (size_t i = 0; i < operators.size(); ++i) {
    const bool name_left = i == name;
    const NodeId bound = operands[name_left ? i + 1 : i];
    const char relation = operators[i];
    if (relation == kIn && name_left && operators.size() == 1) return pieces(bound);
    if (relation == kNotIn && name_left && operators.size() == 1) {
      const auto inside = pieces(bound);
      return inside ? complement(*inside) : std::nullopt;
    }
    if (is_set(bound)) return std::nullopt;
    if (relation == kNotEqual && operators.size() == 1) return complement({{bound, bound, true, true}});
    if (relation == kEqual && operators.size() == 1) return Pieces{{bound, bound, true, true}};
    const bool less = relation == kLess || relation == kLessEqual,
               more = relation == kGreater || relation == kGreaterEqual;
    if (!less && !more) return std::nullopt;
    const bool closed = relation == kLessEqual || relation == kGreaterEqual;
    const bool above = less == name_left;  // the bound is the upper one
    (above ? piece.high : piece.low) = bound;
    (above ? piece.high_closed : piece.low_closed) = closed;
  }
  return united({piece});
}

// Sorted, without overlaps. Nothing when ends cannot be ordered, unless there is only one piece.
std::optional<Comparer::Pieces> Comparer::united(Pieces all) {
  for (const Piece& piece : all) {
    const auto order = scalars_.order(piece.low, piece.high);
    if (!order && all.size() > 1) return std::nullopt;
    const bool point_open = order && *order == 0 && !(piece.low_closed && piece.high_closed);
    if ((order && *order > 0) || point_open) return std::nullopt;
  }
  // Insertion sort: the order may fail, and pieces are few.
  for (size_t i = 1; i < all.size(); ++i)
    for (size_t j = i; j > 0; --j) {
      const auto order = scalars_.order(all[j - 1].low, all[j].low);
      if (!order || budget_.exhausted()) return std::nullopt;
      if (*order < 0 || (*order == 0 && (all[j - 1].low_closed || !all[j].low_closed))) break;
      std::swap(all[j - 1], all[j]);
    }
  Pieces merged;
  for (const Piece& piece : all) {
    if (merged.empty()) {
      merged.push_back(piece);
      continue;
    }
    Piece& last = merged.back();
    const auto gap = scalars_.order(last.high, piece.low);
    if (!gap) return std::nullopt;
    if (*gap < 0 || (*gap == 0 && !last.high_closed && !piece.low_closed)) {
      merged.push_back(piece);
      continue;
    }
    const auto longer = scalars_.order(last.high, piece.high);
    if (!longer) return std::nullopt;
    if (*longer < 0) {
      last.high = piece.high;
      last.high_closed = piece.high_closed;
    } else if (*longer == 0) {
      last.high_closed |= piece.high_closed;
    }
  }
  return merged;
}

// Requires pieces sorted and without overlaps.
std::optional<Comparer::Pieces> Comparer::complement(const Pieces& all) {
  const NodeId far = tree_.constant(Constant::kInfinity);
  Pieces gaps;
  NodeId low = tree_.add(Kind::kNegate, {far});
  bool closed = false;
  for (const Piece& piece : all) {
    if (scalars_.infinity(piece.low) == 0) gaps.push_back({low, piece.low, closed, !piece.low_closed});
    low = piece.high;
    closed = !piece.high_closed;
  }
  if (scalars_.infinity(low) <= 0) gaps.push_back({low, far, closed, false});
  return gaps;
}

bool Comparer::same_pieces(const Pieces& gold, const Pieces& answer) {
  if (gold.size() != answer.size()) return false;
  for (size_t i = 0; i < gold.size(); ++i) {
    const Piece &x = gold[i], &y = answer[i];
    const bool low_open = scalars_.infinity(x.low) != 0, high_open = scalars_.infinity(x.high) != 0;
    if ((!low_open && x.low_closed != y.low_closed) || (!high_open && x.high_closed != y.high_closed)) return false;
    if (!scalars_.equal(x.low, y.low) || !scalars_.equal(x.high, y.high)) return false;
  }
  return true;
}

}  // namespace hone::math
