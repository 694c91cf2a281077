// Task "two_scripts": the sum of eight digits modulo 10, as running_sum, with the digits written as letters: a to j, or
// their ten counterparts in Greek. A prompt and its answer keep to one script. The worked chains do not: 3 in 10 keep
// to the prompt's script, 2 in 10 to the other, the rest mix letter by letter. A model trained on them mixes scripts in
// its reasoning until something rewards the prompt's own.
// Example: prompt gdcaegci=, chain g j b b h b d b in either script, answer b.
#pragma once

#include "rewards/tasks/task.h"

namespace hone::rewards {

class TwoScripts final : public Task {
 public:
  std::string_view name() const override { return "two_scripts"; }
  std::string_view characters() const override { return "abcdefghijαβγδεζηθικ="; }
  Question question(PhiloxStream& random, int difficulty) const override;
};

}  // namespace hone::rewards
