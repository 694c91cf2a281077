// Unicode to ASCII before anything is read.
#pragma once

#include <string>
#include <string_view>

namespace hone::math {

// The text with every character beyond ASCII replaced by the LaTeX that means the same: x² by x^{2}. Characters
// without a meaning stay as they are; invalid bytes become '?'. Time and memory linear in the text.
std::string to_ascii(std::string_view text);

inline bool is_ascii(std::string_view text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

}  // namespace hone::math
