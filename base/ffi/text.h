// C++ over the C ABI's texts.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/ffi/hone_ffi.h"

namespace hone::ffi {

inline HoneText text(std::string_view view) { return {view.data(), view.size()}; }

// Takes what the library made.
inline std::string take(HoneBytes bytes) {
  std::string out(bytes.data, bytes.size);
  hone_bytes_free(bytes);
  return out;
}

// Errors of the library are two lines: a place (field, line, column), and the message.
inline std::pair<std::string, std::string> take_error(HoneBytes error) {
  const std::string both = take(error);
  const size_t end = both.find('\n');
  if (end == both.npos) return {"", both};
  return {both.substr(0, end), both.substr(end + 1)};
}

}  // namespace hone::ffi
