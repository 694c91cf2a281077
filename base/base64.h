// Base64 with padding (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hone {

std::string to_base64(std::string_view bytes);
// None for anything but the padded form, without blanks.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace hone
