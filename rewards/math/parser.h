// An answer as an expression.
#pragma once

#include <string>
#include <string_view>

#include "rewards/math/policy.h"
#include "rewards/math/token.h"
#include "rewards/math/tree.h"

namespace hone::math {

inline constexpr int kMaxDepth = 64;
inline constexpr size_t kMaxNodes = 2048;  // of one answer

struct Parsed {
  NodeId root = kNone;  // kNone: it cannot be read
  std::string error;
  bool limit = false;  // because of a limit
};

// Adds the expression to the tree. Time linear in the tokens but for words that are split.
Parsed parse(Tree& tree, Tokens tokens, const Policy& policy);

// As above, of ASCII text (ascii.h).
Parsed parse(Tree& tree, std::string_view text, const Policy& policy);

}  // namespace hone::math
