// Expressions as text, for people and for comparing what cannot be computed.
#pragma once

#include <string>

#include "rewards/math/tree.h"

namespace hone::math {

// One line of plain text: "sqrt(3)/2", "(1, 2]", "x = 5". Equal trees print alike.
std::string print(const Tree& tree, NodeId id);
std::string print_literal(const Literal& literal);
std::string_view function_name(Function f);

}  // namespace hone::math
