#include "base/result.h"

namespace hone {

std::string Error::to_string() const {
  std::string out;
  if (!file.empty()) {
    out += file;
    if (line > 0) out += str(":", line);
    if (line > 0 && column > 0) out += str(":", column);
    out += ": ";
  }
  if (!field.empty()) out += field + ": ";
  return out + message;
}

}  // namespace hone
