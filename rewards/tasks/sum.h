// sum: six numbers of two digits, added and subtracted so that every partial result has two digits; the chain is the
// partial results. Example: 12+14+06-06+06+08= with the chain 12;26;32;26;32;40;
#pragma once

#include "rewards/tasks/task.h"

namespace hone::rewards {

class Sum final : public Task {
 public:
  std::string_view name() const override { return "sum"; }
  std::string_view characters() const override { return "0123456789+-=;"; }
  Question question(PhiloxStream& random, int difficulty) const override;
};

}  // namespace hone::rewards
