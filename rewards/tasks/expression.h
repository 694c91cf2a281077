// Task "expression": a small programming task. The prompt is the body of f(x), eight single digits added to and taken
// from x, modulo 10; the answer is an expression for f that hidden calls of f must find right. Any expression that
// computes the same is as good. The chain is the constant after every term, modulo 10.
// Example: prompt x+6-3+2+0+6-4+2+8=, chain +6+3+5+5+1+7+9+7, answer x+7 (or 7+x, or x-3).
#pragma once

#include "rewards/tasks/task.h"

namespace hone::rewards {

// The gold is what the checker `code` reads: the text around the expression, and calls of f with their results.
class Expression final : public Task {
 public:
  std::string_view name() const override { return "expression"; }
  std::string_view characters() const override { return "0123456789x+-="; }
  Question question(PhiloxStream& random, int difficulty) const override;
};

}  // namespace hone::rewards
