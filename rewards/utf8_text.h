// Code points of text from outside.
#pragma once

#include <string_view>

#include "base/utf8.h"

namespace hone::rewards {

struct CodePoint {
  char32_t value = 0;
  size_t length = 0;  // bytes; 0 where the text does not start with valid UTF-8
};

// The code point at the start of the text (not empty).
inline CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](size_t i) { return byte(i) & 0x3Fu; };
  switch (utf8_length(text)) {
    case 1: return {byte(0), 1};
    case 2: return {(byte(0) & 0x1Fu) << 6 | tail(1), 2};
    case 3: return {(byte(0) & 0x0Fu) << 12 | tail(1) << 6 | tail(2), 3};
    case 4: return {(byte(0) & 0x07u) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4};
    default: return {};
  }
}

}  // namespace hone::rewards
