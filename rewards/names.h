// Errors for names that do not exist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/edit_distance.h"
#include "base/result.h"

namespace hone::rewards {

// Example: there is no task 'sun'; did you mean 'sum'? Known: running_sum, sum. `kind` is the word for one of them.
inline Error unknown_name(std::string_view kind, std::string_view name, const std::vector<std::string>& known) {
  const std::string near = did_you_mean(name.substr(0, 64), known);
  std::string message =
      str("there is no ", kind, " '", name.substr(0, 64), "'", near, near.empty() ? "; known: " : " Known: ");
  for (size_t i = 0; i < known.size(); ++i) message += (i == 0 ? "" : ", ") + known[i];
  return {.code = ErrorCode::kNotFound, .message = message};
}

}  // namespace hone::rewards
