// Sums, products and powers of matrices, cell by cell.
#pragma once

#include "rewards/math/tree.h"

namespace hone::math {

bool has_matrix(const Tree& tree, NodeId id);

// The expression as one matrix (or, for determinants, one scalar). kNone where its parts do not fit together.
NodeId evaluate_matrix(Tree& tree, NodeId id, Budget& budget);

}  // namespace hone::math
