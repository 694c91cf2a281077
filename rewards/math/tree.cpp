#include "rewards/math/tree.h"

#include <algorithm>

namespace hone::math {

NodeId Tree::add(Kind kind, std::span<const NodeId> children, uint8_t tag, uint32_t payload) {
  const auto first = static_cast<uint32_t>(children_.size());
  children_.insert(children_.end(), children.begin(), children.end());
  nodes_.push_back({kind, tag, payload, first, static_cast<uint32_t>(children.size())});
  return static_cast<NodeId>(nodes_.size() - 1);
}

NodeId Tree::number(Literal literal) {
  literals_.push_back(std::move(literal));
  return add(Kind::kNumber, {}, 0, static_cast<uint32_t>(literals_.size() - 1));
}

NodeId Tree::integer(int64_t value) {
  const uint64_t magnitude = value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  const NodeId id = number({.digits = std::to_string(magnitude)});
  return value < 0 ? add(Kind::kNegate, {id}) : id;
}

uint32_t Tree::intern(std::string_view name) {
  const auto index = static_cast<uint32_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  if (index == names_.size()) names_.emplace_back(name);
  return index;
}

bool Tree::is_integer_literal(NodeId id) const {
  if (nodes_[id].kind != Kind::kNumber) return false;
  const Literal& n = literal(id);
  return !n.decimal && n.scale == 0 && n.repeat == 0 && n.exponent == 0;
}

}  // namespace hone::math
