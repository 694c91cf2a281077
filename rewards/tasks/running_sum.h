// running_sum: eight digits, their sum modulo 10; the chain is the running sum, one digit per digit.
#pragma once

#include "rewards/tasks/task.h"

namespace hone::rewards {

class RunningSum final : public Task {
 public:
  std::string_view name() const override { return "running_sum"; }
  std::string_view characters() const override { return "0123456789="; }
  Question question(PhiloxStream& random, int difficulty) const override;
};

}  // namespace hone::rewards
