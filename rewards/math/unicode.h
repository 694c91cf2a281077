// Characters beyond ASCII that answers use, each with the ASCII or LaTeX that means the same.
#pragma once

#include <cstddef>
#include <string_view>

namespace hone::math {

struct UnicodeMeaning {
  std::string_view latex;    // empty: unknown
  bool superscript = false;  // latex is one character of an exponent
  bool subscript = false;    // latex is one character of an index
};

// The code point at the start of a text that is not empty and not ASCII. `length`: its bytes, 0 for invalid UTF-8.
UnicodeMeaning unicode_meaning(std::string_view text, size_t& length);

}  // namespace hone::math
