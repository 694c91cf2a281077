#include "rewards/majority.h"

#include <map>
#include <string_view>

namespace hone::rewards {

std::optional<size_t> majority(std::span<const std::string> answers) {
  std::map<std::string_view, size_t> votes;
  for (const std::string& answer : answers)
    if (!answer.empty()) ++votes[answer];
  std::optional<size_t> best;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].empty()) continue;
    if (!best || votes[answers[i]] > votes[answers[*best]]) best = i;
  }
  return best;
}

}  // namespace hone::rewards
