#include "rewards/math/matrix.h"

#include <algorithm>

namespace hone::math {
namespace {

struct Shape {
  uint32_t rows, columns;
};

Shape shape_of(const Tree& tree, NodeId id) { return {tree[id].count / tree[id].payload, tree[id].payload}; }
bool is_matrix(const Tree& tree, NodeId id) { return tree[id].kind == Kind::kMatrix; }
NodeId cell(const Tree& tree, NodeId id, uint32_t row, uint32_t column) {
  return tree.child(id, row * tree[id].payload + column);
}

NodeId each_cell(Tree& tree, NodeId id, auto&& change) {
  std::vector<NodeId> cells = tree.copy_children(id);
  for (NodeId& one : cells) one = change(one);
  return tree.add(Kind::kMatrix, cells, 0, tree[id].payload);
}

NodeId add(Tree& tree, NodeId a, NodeId b) {
  if (!is_matrix(tree, a) && !is_matrix(tree, b)) return tree.add(Kind::kAdd, {a, b});
  if (!is_matrix(tree, a) || !is_matrix(tree, b)) return kNone;
  const Shape x = shape_of(tree, a), y = shape_of(tree, b);
  if (x.rows != y.rows || x.columns != y.columns) return kNone;
  std::vector<NodeId> cells;
  for (uint32_t i = 0; i < x.rows * x.columns; ++i)
    cells.push_back(tree.add(Kind::kAdd, {tree.child(a, i), tree.child(b, i)}));
  return tree.add(Kind::kMatrix, cells, 0, x.columns);
}

NodeId multiply(Tree& tree, NodeId a, NodeId b, Budget& budget) {
  const auto times = [&](NodeId x, NodeId y) { return tree.add(Kind::kMultiply, {x, y}); };
  if (!is_matrix(tree, a) && !is_matrix(tree, b)) return times(a, b);
  if (!is_matrix(tree, a)) return each_cell(tree, b, [&](NodeId x) { return times(a, x); });
  if (!is_matrix(tree, b)) return each_cell(tree, a, [&](NodeId x) { return times(x, b); });
  const Shape x = shape_of(tree, a), y = shape_of(tree, b);
  if (x.columns != y.rows || !budget.spend(int64_t{x.rows} * x.columns * y.columns)) return kNone;
  std::vector<NodeId> cells;
  for (uint32_t row = 0; row < x.rows; ++row)
    for (uint32_t column = 0; column < y.columns; ++column) {
      std::vector<NodeId> terms;
      for (uint32_t k = 0; k < x.columns; ++k) terms.push_back(times(cell(tree, a, row, k), cell(tree, b, k, column)));
      cells.push_back(terms.size() == 1 ? terms[0] : tree.add(Kind::kAdd, terms));
    }
  return tree.add(Kind::kMatrix, cells, 0, y.columns);
}

// By the first row; matrices of more than 4 rows are left alone.
NodeId determinant(Tree& tree, const std::vector<NodeId>& cells, uint32_t size) {
  if (size == 1) return cells[0];
  std::vector<NodeId> terms;
  for (uint32_t column = 0; column < size; ++column) {
    std::vector<NodeId> minor;
    for (uint32_t i = size; i < size * size; ++i)
      if (i % size != column) minor.push_back(cells[i]);
    const NodeId term = tree.add(Kind::kMultiply, {cells[column], determinant(tree, minor, size - 1)});
    terms.push_back(column % 2 == 0 ? term : tree.add(Kind::kNegate, {term}));
  }
  return tree.add(Kind::kAdd, terms);
}

NodeId of_matrix(Tree& tree, NodeId id) {
  if (tree[id].tag == 0) return id;
  const Shape shape = shape_of(tree, id);
  constexpr uint32_t kLargestDeterminant = 4;
  if (shape.rows != shape.columns || shape.rows > kLargestDeterminant) return kNone;
  return determinant(tree, tree.copy_children(id), shape.rows);
}

NodeId power(Tree& tree, NodeId base, NodeId exponent, Budget& budget) {
  if (!is_matrix(tree, base)) return tree.add(Kind::kPower, {base, exponent});
  if (tree[exponent].kind == Kind::kSymbol && tree.name(exponent) == "T") {
    const Shape shape = shape_of(tree, base);
    std::vector<NodeId> cells;
    for (uint32_t column = 0; column < shape.columns; ++column)
      for (uint32_t row = 0; row < shape.rows; ++row) cells.push_back(cell(tree, base, row, column));
    return tree.add(Kind::kMatrix, cells, 0, shape.rows);
  }
  if (!tree.is_integer_literal(exponent) || tree.literal(exponent).digits.size() != 1) return kNone;
  const int times = tree.literal(exponent).digits[0] - '0';
  NodeId result = times == 0 ? kNone : base;
  for (int i = 1; i < times && result != kNone; ++i) result = multiply(tree, result, base, budget);
  return result;
}

}  // namespace

bool has_matrix(const Tree& tree, NodeId id) {
  if (is_matrix(tree, id)) return true;
  const auto children = tree.children(id);
  return std::any_of(children.begin(), children.end(), [&](NodeId child) { return has_matrix(tree, child); });
}

NodeId evaluate_matrix(Tree& tree, NodeId id, Budget& budget) {
  if (!has_matrix(tree, id)) return id;
  if (is_matrix(tree, id)) return of_matrix(tree, id);
  std::vector<NodeId> parts = tree.copy_children(id);
  for (NodeId& part : parts)
    if (part = evaluate_matrix(tree, part, budget); part == kNone) return kNone;
  NodeId result = parts[0];
  switch (tree[id].kind) {
    case Kind::kAdd:
    case Kind::kMultiply:
      for (size_t i = 1; i < parts.size() && result != kNone; ++i)
        result = tree[id].kind == Kind::kAdd ? add(tree, result, parts[i]) : multiply(tree, result, parts[i], budget);
      return result;
    case Kind::kNegate:
      return multiply(tree, tree.integer(-1), parts[0], budget);
    case Kind::kDivide:
      return is_matrix(tree, parts[1])
                 ? kNone
                 : multiply(tree, tree.add(Kind::kDivide, {tree.integer(1), parts[1]}), parts[0], budget);
    case Kind::kPower:
      return power(tree, parts[0], parts[1], budget);
    default:
      return is_matrix(tree, parts[0]) ? kNone : tree.add(tree[id].kind, parts, tree[id].tag, tree[id].payload);
  }
}

}  // namespace hone::math
