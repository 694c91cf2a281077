#include "rewards/math/ascii.h"

#include <algorithm>

#include "rewards/math/unicode.h"

namespace hone::math {
namespace {

// A run of characters of an exponent or an index, in braces.
void append_script(std::string& out, std::string_view& text, char operation, bool superscript) {
  out += operation;
  out += '{';
  size_t length = 0;
  while (!text.empty() && static_cast<unsigned char>(text[0]) >= 0x80) {
    const UnicodeMeaning meaning = unicode_meaning(text, length);
    if (!(superscript ? meaning.superscript : meaning.subscript)) break;
    out += meaning.latex;
    text.remove_prefix(length);
  }
  out += '}';
}

}  // namespace

std::string to_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    size_t length = 0;
    const UnicodeMeaning meaning = unicode_meaning(text, length);
    if (meaning.superscript || meaning.subscript) {
      append_script(out, text, meaning.superscript ? '^' : '_', meaning.superscript);
      continue;
    }
    if (length == 0)
      out += '?';
    else
      out += meaning.latex.empty() ? text.substr(0, length) : meaning.latex;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

}  // namespace hone::math
