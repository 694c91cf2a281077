// Whether two expressions have the same value.
#pragma once

#include "rewards/math/exact.h"
#include "rewards/math/policy.h"
#include "rewards/math/tree.h"

namespace hone::math {

// Compares exactly where both sides are rational, else by evaluation at 50 and 100 digits; free symbols stand for
// random rational numbers, drawn from the seed (Schwartz-Zippel bounds the error for polynomials).
class ScalarComparer {
 public:
  // References must outlive it.
  ScalarComparer(const Tree& tree, const Policy& policy, Budget& budget, uint64_t seed)
      : tree_(tree), policy_(policy), budget_(budget), seed_(seed) {}

  // Identically equal, whatever the digits of decimals.
  bool same(NodeId a, NodeId b) const;
  // The same, or near enough where a decimal is involved. The gold is the side that sets the standard.
  bool equal(NodeId gold, NodeId answer) const;

  std::optional<Rational> exact(NodeId id) const;
  // -1, 0 or 1 for a < b, a = b, a > b; nullopt where they cannot be ordered. Infinities are ordered too.
  std::optional<int> order(NodeId a, NodeId b) const;
  // 1 or -1 for an infinity of that sign, else 0.
  int infinity(NodeId id) const;
  bool has_symbols(NodeId id) const;
  bool contains(NodeId id, NodeId symbol) const;

 private:
  enum class Answer { kSame, kDifferent, kUndefined, kUnknown };
  struct Survey {
    explicit Survey(size_t names) : symbols(names) {}
    std::vector<bool> symbols;  // those that are free, by name
    bool whole = false;         // they stand for whole numbers: there are factorials, sums
    bool imaginary = false;     // i occurs, so that complex values are meant
    bool branches = false;      // signs matter: there are roots, logarithms, absolute values
  };
  void survey(NodeId id, Survey& found) const;
  bool draw(uint32_t attempt, const Survey& found, Values& values) const;
  Answer same_at(NodeId a, NodeId b, const Values& values, bool real_only, bool thorough) const;
  std::optional<bool> same_at_points(NodeId a, NodeId b, const Survey& found, bool real_only) const;
  bool within(NodeId gold, NodeId answer, const Rational& tolerance) const;

  const Tree& tree_;
  const Policy& policy_;
  Budget& budget_;
  uint64_t seed_;
};

// A numeral written with a point, perhaps with a sign, a percent sign or a power of ten.
struct Decimal {
  int significant_digits = 0;
  Rational half_unit;  // half a unit in the last place written
};
std::optional<Decimal> decimal_of(const Tree& tree, NodeId id);

}  // namespace hone::math
