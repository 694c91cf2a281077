// Where in a completion the answer stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rewards/math/policy.h"

namespace hone::math {

// What a completion offers as its answer, best first; views of the completion. One scan each over the text, so the time
// is linear in it.
struct Found {
  std::vector<std::string_view> candidates;  // the first that can be read is the answer
  std::string_view sentence;                 // the whole text, where it is short: an answer in words
  std::vector<std::string_view> boxes;       // contents of the last boxes that stand together, in order; at most 32
  std::vector<std::string_view> all_boxes;   // contents of the last 64 boxes
  bool boxed = false;                        // the candidate is the content of a box
  bool hedged = false;                       // "\boxed{41} or \boxed{42}": both are one answer
  bool percent_follows = false;              // "\boxed{28}\%"
  std::string reason;                        // why there is no candidate
};

Found find_answer(std::string_view completion, const Policy& policy);

// What a gold that is a sentence offers: what follows a marker, the last formula. No last number: a gold is not
// guessed.
std::vector<std::string_view> find_gold(std::string_view gold);

// Text without white space, dollar signs and a full stop at its ends.
std::string_view trim_answer(std::string_view text);

}  // namespace hone::math
