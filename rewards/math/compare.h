// Whether an answer is the gold, for everything that is not a plain number: lists, sets, relations, units, texts.
#pragma once

#include "rewards/math/policy.h"
#include "rewards/math/scalar.h"
#include "rewards/math/tree.h"

namespace hone::math {

class Comparer {
 public:
  // References must outlive it.
  Comparer(Tree& tree, const Policy& policy, Budget& budget, uint64_t seed)
      : tree_(tree), policy_(policy), budget_(budget), scalars_(tree, policy, budget, seed) {}

  bool equal(NodeId gold, NodeId answer);

 private:
  // compare.cpp
  bool values(NodeId gold, NodeId answer);
  bool quantities(NodeId gold, NodeId answer);
  bool percents(NodeId gold, NodeId answer);
  bool ratios(NodeId gold, NodeId answer);
  bool matrices(NodeId gold, NodeId answer);
  NodeId expand_signs(NodeId id);
  NodeId with_sign(NodeId id, bool plus);
  bool has_sign(NodeId id) const;

  // compare_lists.cpp
  bool lists(NodeId gold, NodeId answer);
  bool in_order(std::span<const NodeId> gold, std::span<const NodeId> answer);
  bool in_any_order(std::span<const NodeId> gold, std::span<const NodeId> answer);
  std::vector<NodeId> items(NodeId id) const;
  bool collections(NodeId gold, NodeId answer);

  // compare_relations.cpp
  bool relations(NodeId gold, NodeId answer);
  bool equations(NodeId gold, NodeId answer);
  bool proportional(NodeId a, NodeId b, bool positive);
  bool is_name(NodeId id) const;
  NodeId subject_of(NodeId relation) const;
  NodeId unwrapped(NodeId id);
  NodeId shortened(NodeId relation);

  // compare_sets.cpp
  struct Piece {
    NodeId low, high;
    bool low_closed, high_closed;
  };
  using Pieces = std::vector<Piece>;
  bool sets(NodeId gold, NodeId answer);
  bool is_set(NodeId id) const;
  std::optional<Pieces> pieces(NodeId id);
  std::optional<Pieces> pieces_of_relation(NodeId id);
  std::optional<Pieces> pieces_of_inequalities(const std::vector<NodeId>& list, uint8_t joined);
  std::optional<Pieces> intersected(const std::vector<NodeId>& sets, bool first_only);
  bool are_inequalities(NodeId list);
  std::optional<Pieces> united(Pieces all);
  std::optional<Pieces> complement(const Pieces& all);
  bool same_pieces(const Pieces& gold, const Pieces& answer);

  Tree& tree_;
  const Policy& policy_;
  Budget& budget_;
  ScalarComparer scalars_;
  int depth_ = 0;
};

}  // namespace hone::math
